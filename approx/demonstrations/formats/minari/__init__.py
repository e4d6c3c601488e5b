"""Minari datasets.

| module | content |
|---|---|
| `hdf5` | reads a dataset's folder: its metadata, and episodes in HDF5 |
| `arrow` | reads episodes in Arrow |
| `parts` | composite observations, and the mark of flat spaces |
| `writer` | writes datasets of both kinds |
"""
