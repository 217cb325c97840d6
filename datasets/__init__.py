"""Datasets: builders, the HDF5 store and episodes."""

from . import glyphs, omniglot
from .info import DatasetInfo

BUILDERS: dict[str, DatasetInfo] = {
    "glyphs": glyphs.INFO,
    "omniglot": omniglot.INFO,
    "omniglot-nearest": omniglot.NEAREST,
}
