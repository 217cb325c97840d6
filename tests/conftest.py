"""Fixtures that several rooms share: a tiny dataset, and where the real data lie."""

import gc
import os
import signal
import threading
from importlib.metadata import entry_points
from pathlib import Path

# Tests that run side by side share the cores: a thread pool in each of them, and in the processes
# that they start, would make each wait for the others. Before anything imports torch.
if os.environ.get("PYTEST_XDIST_WORKER"):
    os.environ.setdefault("OMP_NUM_THREADS", "1")

# Whoever starts the tests in the background may ignore these signals, and every process that
# the tests start would ignore them too. Some tests send them.
if threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_DFL)

import pytest
from hypothesis import settings

from fewbench.datasets import BUILDERS
from fewbench.datasets.build import build
from fewbench.datasets.store.split_store import SplitStore
from fewbench_tests.bars import BARS, SPLIT_CLASSES

# How long an example takes says nothing on a busy machine.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")


# The project's own plugin. An installed fewbench names it as an entry point.
if not entry_points(group="pytest11", name="fewbench"):
    pytest_plugins = ["fewbench.benchmark.guard.pytest_plugin.plugin"]

HERE = Path(__file__).parent
HEAVY = HERE / "heavy"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--fast", action="store_true", help="leave out the files in tests/slow.txt"
    )


def slow_files() -> set[Path]:
    lines = (HERE / "slow.txt").read_text().splitlines()
    return {HERE.parent / line for line in lines if not line.startswith("#")}


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out tests/heavy, unless the command names it, and what --fast leaves out."""
    if config.getoption("--fast") and collection_path in slow_files():
        return True
    if collection_path != HEAVY:
        return None
    asked = [Path(argument.split("::")[0]).resolve() for argument in config.args]
    if any(HEAVY in (path, *path.parents) for path in asked):
        return None
    return True


def pytest_collection_finish() -> None:
    """Keep what is imported by now out of all further collections of garbage."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def bars_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root folder with the `bars` dataset built."""
    root = tmp_path_factory.mktemp("root")
    build(BARS, root)
    return root


@pytest.fixture(scope="session")
def bars(bars_root: Path) -> dict[str, SplitStore]:
    return {
        split: SplitStore(bars_root / "bars" / f"{split}.h5") for split in SPLIT_CLASSES
    }


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real data for tests: never shipped, so it may be absent."""
    folder = os.environ.get("FEWBENCH_TEST_DATA")
    if not folder:
        pytest.skip(
            "needs real data: set FEWBENCH_TEST_DATA to their folder: omniglot/, imagenet_sample/"
        )
    return Path(folder)


@pytest.fixture(scope="session")
def glyphs_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root folder with the embedded dataset `glyphs` built."""
    root = tmp_path_factory.mktemp("glyphs")
    build(BUILDERS["glyphs"], root)
    return root


@pytest.fixture
def unrendered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write empty files in place of plots, for tests that look at no plot."""
    from matplotlib.figure import Figure

    from fewbench.reports.plots import saving

    monkeypatch.setattr(saving, "_with_palette", bytes)
    monkeypatch.setattr(Figure, "draw_without_rendering", do_nothing)
    monkeypatch.setattr(Figure, "savefig", do_nothing)


@pytest.fixture
def quick_fonts(monkeypatch: pytest.MonkeyPatch) -> None:
    """PDFs with fonts of Type 3, which are written fast. test_saving has those of Type 42."""
    from fewbench.reports.plots.saving import _SETTINGS

    monkeypatch.setitem(_SETTINGS, "pdf.fonttype", 3)


def do_nothing(*arguments: object, **options: object) -> None:
    """Stand in for a method that draws."""
