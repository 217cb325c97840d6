"""Datasets: their builders, the HDF5 store, and episodes.

archives, downloads   get at the files of a source
pickles, layouts      find classes and images in them
images                decode and resize
store                 the HDF5 files of a built dataset
inspection            say what a source is, and compare datasets
"""

from . import glyphs, miniimagenet, omniglot, tieredimagenet
from .info import DatasetInfo

# Variants differ from the dataset they are made from only in the resampling filter.
_VARIANTS = (omniglot.NEAREST, *miniimagenet.VARIANTS, *tieredimagenet.VARIANTS)

BUILDERS: dict[str, DatasetInfo] = {
    "glyphs": glyphs.INFO,
    "omniglot": omniglot.INFO,
    "miniimagenet": miniimagenet.INFO,
    "tieredimagenet": tieredimagenet.INFO,
    **{info.name: info for info in _VARIANTS},
}
