import h5py
import numpy as np

from fewbench.datasets.store.versions import installed_version


def test_the_version_is_that_of_the_imported_package() -> None:
    for _ in range(2):
        assert installed_version("numpy") == np.__version__
        assert installed_version("h5py") == h5py.__version__
