"""Real Omniglot, built once; speed tests print one table at the end."""

import random
import warnings
import zipfile
from pathlib import Path

import pytest

from fewbench.baselines.device.choose import device_facts
from fewbench.datasets import BUILDERS
from fewbench.datasets.build import build
from fewbench.datasets.info import Request
from fewbench.datasets.store.split_store import SplitStore
from fewbench.datasets.view import ImageView

_ROWS: list[str] = []


@pytest.fixture(scope="session")
def omniglot_root(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("speed")
    build(BUILDERS["omniglot"], root, Request(shared_data / "omniglot"))
    return root


@pytest.fixture(scope="session")
def test_view(omniglot_root: Path) -> ImageView:
    return ImageView(
        [SplitStore(omniglot_root / "omniglot" / "test.h5")], rotations=True
    )


@pytest.fixture(scope="session")
def learn2learn_tasks(shared_data: Path, tmp_path_factory: pytest.TempPathFactory):
    """The test tasks of learn2learn's own Omniglot benchmark, 5-way, 1 + 15 images a class."""
    source, folder = shared_data / "omniglot", tmp_path_factory.mktemp("learn2learn")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        l2l = pytest.importorskip("learn2learn", reason="learn2learn is not installed")
        from torchvision import transforms
        from torchvision.datasets import Omniglot

    for name in ("images_background", "images_evaluation"):
        with zipfile.ZipFile(source / f"{name}.zip") as archive:
            archive.extractall(folder / "omniglot-py")
    # The original looks for the official archives' md5.
    setattr(Omniglot, "_check_integrity", lambda _: True)  # noqa: B010 - a stub of it
    steps = [
        transforms.Resize(28, interpolation=transforms.InterpolationMode.LANCZOS),
        transforms.ToTensor(),
        lambda x: 1.0 - x,
    ]
    images = l2l.vision.datasets.FullOmniglot(
        str(folder), transform=transforms.Compose(steps)
    )
    dataset = l2l.data.MetaDataset(images)
    random.seed(0)
    chosen = l2l.data.FilteredMetaDataset(
        dataset, labels=random.sample(range(1623), 423)
    )
    task_transforms = [
        l2l.data.transforms.FusedNWaysKShots(chosen, n=5, k=16),
        l2l.data.transforms.LoadData(chosen),
        l2l.data.transforms.RemapLabels(chosen),
        l2l.data.transforms.ConsecutiveLabels(chosen),
        l2l.vision.transforms.RandomClassRotation(chosen, [0.0, 90.0, 180.0, 270.0]),
    ]
    return l2l.data.Taskset(chosen, task_transforms, num_tasks=-1)


@pytest.fixture
def say(benchmark):
    """Keep a measured ratio for the table and in the benchmark's JSON."""

    def keep(what: str, value: float, goal: str) -> None:
        benchmark.extra_info[what] = value
        _ROWS.append(f"{what:62} {value:12,.2f}   goal {goal}")

    return keep


def pytest_terminal_summary(terminalreporter) -> None:
    if _ROWS:
        terminalreporter.section(
            f"speed, measured side by side on {device_facts()['device auto']}"
        )
        for row in _ROWS:
            terminalreporter.write_line(row)
