"""Containers: file layouts that several formats share.

Reading runs no code from a file, and compares the sizes that a file states with its bytes before memory is allocated.

| module | content |
|---|---|
| `npz_archives` | numpy's `.npz`: read in parts or memory-mapped, and written |
| `hdf5` | checked access to HDF5 files |
| `pickles` | an interpreter of the part of pickle that data needs, with a list of allowed names |
| `pickled_arrays` | what these names construct: numpy types, arrays and records |
"""
