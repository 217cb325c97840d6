"""How a built split is stored: one HDF5 file with its hashes, and a manifest beside it.

split_store  reads a split
split_file   what a split file holds, and how it is laid out and sealed
hdf5         opens HDF5 files safely
writer       writes a split class by class
journal      what an unfinished build has finished
digests      the hashes of names and pixels
manifest     what a finished build is
advice       the command that builds again
"""
