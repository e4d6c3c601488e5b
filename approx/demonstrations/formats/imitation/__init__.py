"""Older files of `imitation`.

Newer versions write HuggingFace datasets (`gail.approx.demonstrations.formats.huggingface`).

| module | content |
|---|---|
| `npz` | reads the `.npz` of versions up to 0.4 |
| `pickles` | reads the pickled trajectories of versions before |
"""
