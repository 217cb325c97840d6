"""Store built splits: an HDF5 file for each split, and a manifest.json beside them.

split_store  reads a split
split_file   defines the content and layout of a split file (<split>.h5)
attributes   writes and reads the attributes of a split file
hdf5         opens HDF5 files safely
writer       writes a split class by class
journal      records the finished classes of an unfinished build
digests      computes the hashes of names and pixels
manifest     describes a finished build (manifest.json)
advice       names the command that builds a dataset again
"""
