"""fewbench is one package in every install mode, for Python and for type checkers."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fewbench_tests.clones import Clone, make_clone

ASK = """
import importlib, pkgutil, fewbench
from fewbench.datasets import BUILDERS
print(fewbench.__version__, len(fewbench.protocols()), len(BUILDERS))
print(*[module.name for module in pkgutil.iter_modules(fewbench.__path__)])
try:
    importlib.import_module("fewbench.benchmark.front")
except ImportError:
    print("one name")
"""
STRANGER = '''
"""A file of somebody who uses fewbench."""

from torch import nn

import fewbench
from fewbench.datasets.episodes import EpisodeSpec
from fewbench.reports.records import RunResult

result: RunResult = fewbench.evaluate(nn.Flatten(), "glyphs-5w1s")
half: float = result.mean / 2
written: int = len(fewbench.write_report([result], "report"))
spec: EpisodeSpec = EpisodeSpec(5, 1, 15)
version: str = fewbench.__version__
'''


@pytest.fixture(scope="module", params=["wheel", "editable"])
def clone(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Clone:
    made = make_clone(tmp_path_factory.mktemp(request.param))
    made.install(editable=request.param == "editable")
    return made


def test_a_folder_of_its_name_does_not_hide_the_package(clone: Clone) -> None:
    """The clone itself lies in the working folder, and is called `fewbench`."""
    asked, modules, name = clone.run("-c", ASK).splitlines()

    version, n_protocols, n_datasets = asked.split()
    assert version == "0.1.0"
    assert int(n_protocols) == 42
    assert int(n_datasets) > 4
    assert {"datasets", "baselines", "reports", "benchmark"} <= set(modules.split())
    assert name == "one name"


def test_the_command_runs_as_a_module(clone: Clone) -> None:
    assert "glyphs-5w1s" in clone.fewbench("protocol", "list")
    assert "Usage: fewbench" in clone.fewbench("--help")


def test_a_strangers_file_passes_the_type_checker(clone: Clone, tmp_path: Path) -> None:
    """A second file with a mistake shows that the checker knows the package at all."""
    checker = shutil.which("basedpyright", path=str(Path(sys.executable).parent))
    if checker is None:
        pytest.skip("needs basedpyright: python -m pip install basedpyright")
    (tmp_path / "right.py").write_text(STRANGER)
    wrong = STRANGER.replace("result.mean / 2", "result.mean + 'x'")
    (tmp_path / "wrong.py").write_text(wrong)

    command = [checker, "--pythonpath", str(clone.python), "--level", "error"]
    done = subprocess.run(
        [*command, "--outputjson", str(tmp_path)], capture_output=True, text=True
    )

    errors = json.loads(done.stdout)["generalDiagnostics"]
    found = [(Path(one["file"]).name, one["rule"]) for one in errors]
    assert found == [("wrong.py", "reportOperatorIssue")]
