"""The plugin costs nothing where it is not used, and its tiers and options work."""

import subprocess
import sys
from pathlib import Path

import pytest

from fewbench_tests.guard_runs import (
    PLUGIN,
    Ran,
    plugin_options,
    run_guarded,
    write_tests,
)

INNOCENT = """
import sys


def test_nothing_heavy_is_loaded(request):
    heavy = {"torch", "numpy", "pydantic", "scipy", "pandas", "h5py", "typer", "rich"}
    assert not heavy & set(sys.modules)
    mine = [name for name in sys.modules if name.startswith("fewbench")]
    assert sorted(mine) == [
        "fewbench",
        "fewbench.benchmark",
        "fewbench.benchmark.guard",
        "fewbench.benchmark.guard.pytest_plugin",
        "fewbench.benchmark.guard.pytest_plugin.concerned",
        "fewbench.benchmark.guard.pytest_plugin.option_table",
        "fewbench.benchmark.guard.pytest_plugin.plugin",
    ]


def test_accuracy_of_a_clock(accuracy_of_mine):
    assert accuracy_of_mine == 3


import pytest


@pytest.fixture
def accuracy_of_mine():
    return 3
"""
# How long the plugin's modules take to import, in ms of processor time.
MEASURE = """
import time, pytest
before = time.process_time()
import fewbench.benchmark.guard.pytest_plugin.plugin
print(1000 * (time.process_time() - before))
"""
TIERS = """
import pytest
from torch import nn

PROTOCOL = "glyphs-5w1s"
pytestmark = pytest.mark.accuracy(margin="1%")


def features(images):
    return nn.functional.avg_pool2d(images, 2).flatten(1)


class Encoder(nn.Module):
    def forward(self, images):
        return features(images)


@pytest.mark.accuracy(tier="nightly")
def test_nightly(accuracy):
    accuracy(Encoder(), PROTOCOL, episodes=20)


class TestModels:
    @pytest.mark.parametrize("way", [5, 20])
    def test_ways(self, accuracy, way):
        accuracy(Encoder(), PROTOCOL.replace("5w", f"{way}w"), episodes=20)

    @pytest.mark.accuracy(teir="nightly")
    def test_typo(self, accuracy):
        accuracy(Encoder(), PROTOCOL)


@pytest.mark.skip(reason="a check that counts")
def test_skipped(accuracy):
    pass
"""
OWN_FIXTURE = """
import pytest


@pytest.fixture
def accuracy():
    return 0.9


def test_mine(accuracy):
    assert accuracy == 0.9


@pytest.mark.accuracy(tier="quick")
def test_mixed_up(accuracy):
    assert accuracy == 0.9


@pytest.mark.accuracy
def test_forgot_the_fixture():
    pass
"""
OWN_MARKER = """
import pytest


@pytest.mark.accuracy("of my clock")
def test_mine():
    pass
"""


def run_plain(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", *options]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


def test_an_innocent_run_loads_nothing_heavy(tmp_path: Path) -> None:
    folder = write_tests(tmp_path, test_innocent=INNOCENT)

    done = run_plain(folder, *plugin_options())

    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout
    assert "accuracy" not in done.stdout.replace("test_accuracy", "")


def test_importing_the_plugin_takes_a_few_milliseconds() -> None:
    """About 2 ms on a quiet machine. A module that loads numpy would take 100."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURE], capture_output=True, text=True, check=True
    )

    assert float(done.stdout) < 25


@pytest.fixture(scope="module")
def tiers(
    glyphs_root: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, Ran]]:
    folder = write_tests(tmp_path_factory.mktemp("tiers"), test_tiers=TIERS)
    options = {
        "quick": ("--accuracy-save",),
        "nightly": ("--accuracy-save", "--accuracy-tier=nightly"),
        "again": ("--accuracy-tier=nightly", "-rs"),
    }
    found = {}
    for name, given in options.items():
        found[name] = run_guarded(
            folder, *given, environment={"FEWBENCH_DATA": str(glyphs_root)}
        )
    return folder, found


def test_nightly_checks_wait_for_their_tier(
    tiers: tuple[Path, dict[str, Ran]],
) -> None:
    _, runs = tiers

    def tests(name: str) -> list[str]:
        return [one["test"] for one in runs[name].summary["checks"]]

    ways = [f"test_tiers.py::TestModels::test_ways[{way}]" for way in (20, 5)]
    # The test with the wrong marker counts as well: as an error.
    typo = "test_tiers.py::TestModels::test_typo"
    assert tests("quick") == [typo, *ways]
    assert tests("nightly") == [typo, *ways, "test_tiers.py::test_nightly"]
    assert runs["nightly"].check("test_nightly")["done"] == "saved"
    assert runs["again"].check("test_nightly")["verdict"]["outcome"] == "pass"
    # The reference of a nightly check can confirm an alarm.
    [place] = Path(runs["again"].check("test_nightly")["folder"]).glob("*nightly*")
    assert (place / "ten_times.npz").exists()


def test_a_wrong_marker_is_an_error_of_its_test(
    tiers: tuple[Path, dict[str, Ran]],
) -> None:
    _, runs = tiers

    assert runs["again"].code == 1
    assert "expected the keywords tier, margin, alpha, got teir" in runs["again"].text


def test_alpha_is_divided_by_the_number_of_checks(
    tiers: tuple[Path, dict[str, Ran]],
) -> None:
    _, runs = tiers

    # Three tests with one reference each, the one with the wrong marker, and one that skips.
    assert runs["again"].summary["n_checks"] == 5
    assert runs["again"].check("[5]")["alpha"] == pytest.approx(0.05 / 5)


def test_a_fixture_of_the_user_wins_and_is_not_mixed_up(tmp_path: Path) -> None:
    folder = write_tests(tmp_path, test_own=OWN_FIXTURE)

    ran = run_guarded(folder, report=False)

    assert ran.code == 1
    assert "1 passed, 2 errors" in ran.text
    assert "got the one in test_own.py, line 5. Use the fixture fewbench" in ran.text
    assert "expected a test that uses the fixture accuracy, got one" in ran.text


def test_a_marker_of_the_project_is_left_alone(tmp_path: Path) -> None:
    folder = write_tests(tmp_path, test_own=OWN_MARKER)
    with (folder / "pytest.ini").open("a") as file:
        file.write("markers =\n    accuracy: of clocks\n")

    assert run_guarded(folder, report=False).code == 0


NIGHTLY = """
import pytest

@pytest.mark.accuracy(tier="nightly")
def test_night(accuracy):
    accuracy(None, "glyphs-5w1s")
"""


def test_skipped_checks_alone_name_the_option_that_runs_them(tmp_path: Path) -> None:
    folder = write_tests(tmp_path, test_night=NIGHTLY)
    ran = run_guarded(folder, "--accuracy-save", report=False)
    assert ran.code == pytest.ExitCode.NO_TESTS_COLLECTED
    assert "Nightly checks run with --accuracy-tier=nightly" in ran.text


def test_options_without_any_check_are_no_success(tmp_path: Path) -> None:
    folder = write_tests(tmp_path, test_plain="def test_plain():\n    pass\n")

    assert run_guarded(folder, report=False).code == 0
    ran = run_guarded(folder, "--accuracy-strict", report=False)
    assert ran.code == pytest.ExitCode.NO_TESTS_COLLECTED
    assert "no test checked an accuracy" in ran.text
    listed = run_guarded(folder, "--accuracy-strict", "--collect-only", report=False)
    assert listed.code == 0
    # In the configuration, an option is for all runs, also for those without checks.
    (folder / "pytest.ini").write_text("[pytest]\naddopts = --accuracy-strict\n")
    assert run_guarded(folder, report=False).code == 0


def test_a_wrong_option_is_a_usage_error(tmp_path: Path) -> None:
    folder = write_tests(tmp_path, test_plain="def test_plain():\n    pass\n")

    ran = run_guarded(folder, "--accuracy-update", report=False)

    assert ran.code == pytest.ExitCode.USAGE_ERROR
    assert "ERROR: --accuracy-update: expected a reason" in ran.text


WITHOUT = """
def test_mine():
    pass


def test_check(accuracy):
    accuracy(None, "glyphs-5w1s")
"""


def test_pytest_runs_without_the_plugin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if plugin_options():
        # The clone is not installed, so nothing names the plugin as a package does.
        metadata = tmp_path / "path" / "named-1.dist-info"
        metadata.mkdir(parents=True)
        (metadata / "METADATA").write_text("Name: named\nVersion: 1\n")
        (metadata / "entry_points.txt").write_text(f"[pytest11]\nfewbench = {PLUGIN}\n")
        monkeypatch.syspath_prepend(metadata.parent)
    folder = write_tests(tmp_path / "tests", test_plain=WITHOUT)

    there = run_guarded(folder, report=False)
    without = run_guarded(folder, "-p", "no:fewbench", report=False)
    option = run_guarded(folder, "-p", "no:fewbench", "--accuracy-save", report=False)

    assert not plugin_options()
    assert "there is no reference in" in there.text
    assert "1 passed, 1 error" in without.text
    assert "fixture 'accuracy' not found" in without.text
    assert option.code == pytest.ExitCode.USAGE_ERROR
    assert "unrecognized arguments: --accuracy-save" in option.text
