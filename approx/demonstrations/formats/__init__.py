"""File formats of demonstrations, a module or folder each: a reader, and a writer if the format can be written.

| module | format |
|---|---|
| `npz` | the project's own `.npz` |
| `minari` | Minari datasets, in HDF5 or Arrow |
| `huggingface` | HuggingFace datasets on disk, in the layout of `imitation` |
| `imitation` | older files of `imitation`: `.npz` and pickles |
| `d4rl` | D4RL's HDF5 |
| `stable_baselines` | recordings of stable-baselines |
| `openai_baselines` | expert data of OpenAI's baselines |
| `berkeley` | pickled episodes of Berkeley's course |
"""
