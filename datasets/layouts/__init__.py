"""Readers for the layouts (file formats) in which people share few-shot datasets.

source_files    the files in a source (folder or archive), with their kind and contents
search          finds the layout of a source and lists the classes in it
miniimagenet    the layouts of miniImageNet
ravi_split      the images that belong to miniImageNet
tieredimagenet  the layouts of tieredImageNet
ren_split       the classes that belong to tieredImageNet
ilsvrc          ILSVRC2012's training set: class folders, or one tar for each class
pixels          reads the images of one class from arrays, PNGs or files
npz, torchmeta, hdf5_heap  read arrays in .npz and HDF5 files
"""
