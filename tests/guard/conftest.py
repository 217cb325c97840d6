"""The checks in this folder need the plugin, and some of them real images."""

from pathlib import Path

import pytest

from fewbench.datasets import BUILDERS
from fewbench.datasets.build import build
from fewbench.datasets.info import Request


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out the checks of a run without the plugin, that is, with `-p no:fewbench`."""
    if hasattr(config.option, "accuracy_save"):
        return None
    return True


@pytest.fixture(scope="session")
def miniimagenet_root(
    shared_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A root folder with the validation split of the real miniImageNet."""
    source = shared_data / "miniimagenet" / "val.zip"
    if not source.exists():
        pytest.skip("needs miniimagenet/val.zip in $FEWBENCH_TEST_DATA")
    root = tmp_path_factory.mktemp("miniimagenet")
    build(BUILDERS["miniimagenet"], root, Request(source, allow_missing=True))
    return root
