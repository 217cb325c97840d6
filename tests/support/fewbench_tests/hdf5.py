"""Datasets of HDF5 files, for tests that read or change them through h5py alone."""

import h5py


def dataset(parent: h5py.Group, name: str) -> h5py.Dataset:
    """The dataset of this name in a file or group."""
    found = parent[name]
    assert isinstance(found, h5py.Dataset)
    return found


def group(parent: h5py.Group, name: str) -> h5py.Group:
    """The group of this name in a file or group."""
    found = parent[name]
    assert isinstance(found, h5py.Group)
    return found
