"""Build, check and read datasets, and draw episodes from them.

archives, downloads: read archives and download source files
pickles, layouts: find the classes and images in source files
images: decode and resize images
store: write and read the HDF5 files of a built dataset
inspection: identify the dataset in a file or folder, and compare datasets
"""

from . import glyphs, miniimagenet, omniglot, tieredimagenet
from .info import DatasetInfo

# A variant differs from its dataset only in the filter that resizes the images.
_VARIANTS = (omniglot.NEAREST, *miniimagenet.VARIANTS, *tieredimagenet.VARIANTS)

BUILDERS: dict[str, DatasetInfo] = {
    "glyphs": glyphs.INFO,
    "omniglot": omniglot.INFO,
    "miniimagenet": miniimagenet.INFO,
    "tieredimagenet": tieredimagenet.INFO,
    **{info.name: info for info in _VARIANTS},
}
