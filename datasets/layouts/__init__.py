"""The layouts in which datasets are passed around, and how each is read.

source_files    the files in a source, and what each one is
search          which layout a source has, and the listing that follows
miniimagenet    the layouts of miniImageNet, and `ravi_split` which images belong to it
tieredimagenet  the layouts of tieredImageNet, and `ren_split` which classes belong to it
ilsvrc          ILSVRC2012's training set: class folders, or one tar for each class
pixels          the images of one class, from arrays, PNGs or files
npz, torchmeta, hdf5_heap  arrays inside .npz and HDF5 files
"""
