"""Datasets: builders, the HDF5 store and episodes."""

from . import glyphs, miniimagenet, omniglot, tieredimagenet
from .info import DatasetInfo

# The other variants of a dataset differ in the resampling filter alone.
_VARIANTS = (omniglot.NEAREST, *miniimagenet.VARIANTS, *tieredimagenet.VARIANTS)

BUILDERS: dict[str, DatasetInfo] = {
    "glyphs": glyphs.INFO,
    "omniglot": omniglot.INFO,
    "miniimagenet": miniimagenet.INFO,
    "tieredimagenet": tieredimagenet.INFO,
    **{one.name: one for one in _VARIANTS},
}
