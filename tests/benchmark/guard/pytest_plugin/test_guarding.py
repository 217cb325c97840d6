"""The guard of a run: in several processes, when killed, and where it cannot write."""

import re
import time
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from fewbench.benchmark.guard.history import read_nights
from fewbench.locks import only_writer
from fewbench_tests.fork_server import CONTEXT, start_server
from fewbench_tests.guard_page import example, shown, without_numbers
from fewbench_tests.guard_runs import Ran, run_guarded, write_tests

SLOW = '''
import time
from pathlib import Path

import torch
from torch import nn

HERE = Path(__file__).parent


def make(seed):
    """Wait for ever before the last seed, except in the second run."""
    torch.manual_seed(seed)
    if seed == 2 and not (HERE / "here").exists():
        (HERE / "here").touch()
        time.sleep(600)
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 8))


def test_trained(accuracy):
    accuracy.retrained(make, "glyphs-5w1s", episodes=20)
'''
ENCODER = """
import torch
from torch import nn


def test_encoder(accuracy):
    accuracy(nn.Flatten(), "glyphs-5w1s", episodes=20)


def test_threads_are_shared(accuracy):
    result = accuracy(nn.Flatten(), "glyphs-5w1s", episodes=20)
    assert result.environment["threads"] == "1"
"""
# The images are averaged over 7 x 7 pixels first, as docs/guard.md says.
COARSE = """
import os

import pytest
from torch import nn


@pytest.fixture(autouse=True)
def coarse(monkeypatch):
    if os.environ.get("BROKEN"):
        encoder = nn.Sequential(nn.AvgPool2d(7), nn.Flatten())
        monkeypatch.setattr(nn, "Flatten", lambda: encoder)
"""
# Its process dies in the second check, as it does when memory runs out.
DYING = """
import os

from torch import nn


class Encoder(nn.Flatten):
    def forward(self, images):
        if os.environ.get("BROKEN"):
            os._exit(1)
        return super().forward(images)


def test_dying(accuracy):
    accuracy(nn.Flatten(), "glyphs-5w1s", episodes=20)
    accuracy(Encoder(), "glyphs-5w5s", episodes=20)
"""
# None of these is measured, since there is no such protocol.
UNKNOWN = """
import pytest


@pytest.mark.parametrize("number", range(12))
def test_unknown(accuracy, number):
    accuracy(None, "glyphs-5w2s")
"""
# The server that forks has imported fewbench already. A wheel's entry point makes pytest warn.
IMPORTED_BEFORE = ("-W", "ignore::pytest.PytestAssertRewriteWarning")
SAVE = ("--accuracy-save", "--accuracy-runs=3")


def wait_for(path: Path) -> None:
    end = time.monotonic() + 120
    while not path.exists():
        assert time.monotonic() < end, f"no {path}"
        time.sleep(0.02)


def test_a_killed_run_leaves_no_reference(glyphs_root: Path, tmp_path: Path) -> None:
    folder = write_tests(tmp_path, test_slow=SLOW)
    start_server()
    data = {"FEWBENCH_DATA": str(glyphs_root)}
    process: Any = CONTEXT.Process(
        target=run_guarded,
        args=(folder, *SAVE, *IMPORTED_BEFORE),
        kwargs={"report": False, "environment": data},
    )
    process.start()
    wait_for(folder / "here")
    process.kill()
    process.join()

    assert not list(folder.glob("accuracy/*/*/*"))
    ran = run_guarded(folder, *SAVE, environment=data)
    assert ran.code == 0
    assert ran.check("test_trained")["done"] == "saved"


def test_where_nothing_can_be_written_it_says_so(
    glyphs_root: Path, tmp_path: Path
) -> None:
    folder = write_tests(tmp_path, test_models=ENCODER)
    (folder / "accuracy").write_text("not a folder")

    ran = run_guarded(
        folder, "--accuracy-save", environment={"FEWBENCH_DATA": str(glyphs_root)}
    )

    assert ran.code == 1
    check = ran.check("test_encoder")
    assert check["done"] == "error"
    assert "cannot save the reference: expected a folder" in check["reason"]
    assert (folder / "accuracy").read_text() == "not a folder"


@pytest.fixture(scope="module")
def folder(glyphs_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which `-n 2` has run, once for all tests: each process imports torch.

    It holds the example of the docs three times: the reference of one is saved, one passes,
    and one has a broken model.
    """
    top = tmp_path_factory.mktemp("workers")
    write_tests(top, test_models=example())
    write_tests(top / "worse", test_dying=DYING)
    write_tests(top / "coarse", conftest=COARSE, test_models=example())
    write_tests(top / "tests", test_more=ENCODER)
    # As many threads as each of two processes has.
    shared = {
        "FEWBENCH_DATA": str(glyphs_root),
        "PYTEST_XDIST_WORKER_COUNT": "2",
        "GITHUB_ACTIONS": "",
    }
    options = ("--rootdir=.", "--accuracy-save")
    saved = run_guarded(top, *options, report=False, environment=shared)
    assert saved.code == 0, saved.text

    write_tests(top, test_unknown=UNKNOWN)
    write_tests(top / "new", test_models=example())
    write_tests(
        top / "tests", test_more=ENCODER.replace("test_encoder", "test_renamed")
    )
    return top


@pytest.fixture(scope="module")
def ran(folder: Path, glyphs_root: Path) -> Ran:
    environment = {
        "FEWBENCH_DATA": str(glyphs_root),
        "BROKEN": "1",
        "GITHUB_ACTIONS": "true",
        "GITHUB_STEP_SUMMARY": "",
    }
    return run_guarded(
        folder,
        "--rootdir=.",
        "--accuracy-save",
        "--accuracy-tier=nightly",
        "--accuracy-history=nights.jsonl",
        "--junitxml=junit.xml",
        # The test that ends a worker is the last one, so nobody has to go on in its place.
        "--max-worker-restart=0",
        environment=environment,
        workers=2,
    )


def comparable(line: str) -> str:
    """Return a line without numbers, and without the interval: it is wider for more checks."""
    return re.sub(r"\[.*\]", "[]", without_numbers(line))


def test_the_example_of_the_docs_works_in_two_processes(ran: Ran) -> None:
    checks = {one["test"]: one for one in ran.summary["checks"]}
    assert checks["new/test_models.py::test_encoder"]["done"] == "saved"
    assert checks["test_models.py::test_encoder"]["verdict"]["outcome"] == "pass"
    coarse = checks["coarse/test_models.py::test_encoder"]
    assert coarse["verdict"]["outcome"] == "fail"
    printed = [comparable(line) for line in ran.text.splitlines()]
    expected = []
    for line in shown("failure"):
        line = line.replace("pytest test_models", "pytest coarse/test_models")
        typed = line.replace("--accuracy-up", "--accuracy-tier=nightly --accuracy-up")
        expected.append(comparable(typed))
    start = printed.index(expected[0])
    assert printed[start : start + len(expected)] == expected


def test_one_process_counts_and_writes_for_all(folder: Path, ran: Ran) -> None:
    assert ran.code == 1
    assert ran.check("test_renamed")["done"] == "saved"
    assert ran.check("test_threads_are_shared")["verdict"]["outcome"] == "pass"
    assert "no test uses this reference of test_more.py::test_encoder" in ran.text
    # Three examples, two tests beside them, two checks in one test, and twelve errors.
    assert {record["alpha"] for record in ran.summary["checks"]} == {0.05 / 19}
    assert len(read_nights(folder / "nights.jsonl")) == 3
    # A test that failed is not said to have passed or to have been skipped.
    assert "but its test" not in ran.text


def test_a_check_in_which_a_worker_dies_is_counted(ran: Ran) -> None:
    check = ran.check("test_dying")

    assert (check["done"], check["accuracy"]) == ("error", None)
    assert check["reason"].startswith("the process that ran the test died")
    for protocol in ("glyphs-5w1s-val-20ep", "glyphs-5w5s-val-20ep"):
        words = f"test_dying.py::test_dying on {protocol}: not measured, since its test"
        assert any(one.startswith(words) for one in ran.summary["unmeasured"])


@pytest.mark.usefixtures("ran")
def test_junit_has_a_handful_of_properties(folder: Path) -> None:
    cases = ElementTree.parse(folder / "junit.xml").iter("testcase")
    [coarse] = [one for one in cases if "coarse" in one.get("classname", "")]

    properties = {one.get("name"): one.get("value") for one in coarse.iter("property")}

    difference = str(properties.pop("accuracy_difference"))
    assert without_numbers(difference) == "-0.0 points"
    numbers = [properties.pop("accuracy"), properties.pop("accuracy_reference")]
    assert [without_numbers(str(one)) for one in numbers] == ["0.0 %", "0.0 %"]
    assert properties == {
        "accuracy_check": "test_models.py::test_encoder on glyphs-5w1s-val-600ep",
        "accuracy_outcome": "fail",
        "accuracy_rule": "identical predictions",
    }


def test_two_processes_give_nine_annotations_in_all(ran: Ran) -> None:
    lines = ran.text.splitlines()

    listed = [line for line in lines if line.startswith(("::error", "::warning"))]

    assert len(listed) == 9
    # Twelve protocols are unknown, one encoder is broken, and one worker died.
    assert listed[-1] == "::error title=fewbench::and 6 more checks failed"


def test_a_report_that_another_run_writes_is_refused_before_any_test(
    tmp_path: Path,
) -> None:
    folder = write_tests(tmp_path, test_one="def test_one():\n    open('ran', 'w')\n")
    options = (f"--accuracy-report={tmp_path / 'report'}",)
    with only_writer(tmp_path / "report", "testing"):
        ran = run_guarded(folder, *options, report=False)
    assert ran.code == pytest.ExitCode.USAGE_ERROR
    assert "another process is writing" in ran.text
    assert not (folder / "ran").exists()
    assert not (tmp_path / "report").exists()
