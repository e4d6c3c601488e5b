"""HuggingFace datasets on disk, in the layout of `imitation`.

| module | content |
|---|---|
| `reader` | reads a folder that `save_to_disk` wrote |
| `writer` | writes such a folder |
"""
