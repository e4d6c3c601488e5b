"""Minari datasets.

| module | content |
|---|---|
| `hdf5` | reads a dataset's folder: its metadata, and episodes in HDF5 |
| `arrow` | reads episodes in Arrow |
| `writer` | writes datasets of both kinds |
"""
