"""The guard of a run: in several processes, when killed, and where it cannot write."""

import json
import time
from pathlib import Path
from xml.etree import ElementTree

from fewbench_tests.guard_runs import run_guarded, start_guarded, write_tests

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
SAVE = ("--accuracy-save", "--accuracy-runs=3")


def wait_for(path: Path) -> None:
    end = time.monotonic() + 120
    while not path.exists():
        assert time.monotonic() < end, f"no {path}"
        time.sleep(0.02)


def test_a_killed_run_leaves_no_reference(glyphs_root: Path, tmp_path: Path) -> None:
    folder = write_tests(tmp_path, test_slow=SLOW)
    process = start_guarded(folder, *SAVE, data=glyphs_root)
    wait_for(folder / "here")
    process.kill()
    process.communicate(timeout=60)

    assert not list(folder.glob("accuracy/*/*/*"))
    ran = run_guarded(folder, *SAVE, environment={"FEWBENCH_DATA": str(glyphs_root)})
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


def test_it_works_in_several_processes(glyphs_root: Path, tmp_path: Path) -> None:
    """Two workers of pytest-xdist measure; one process writes the history and the rest."""
    files = {"test_models": ENCODER, "tests/test_more": ENCODER}
    (tmp_path / "tests").mkdir()
    folder = write_tests(tmp_path, **files)
    run_guarded(
        folder,
        "--accuracy-save",
        report=False,
        environment={"FEWBENCH_DATA": str(glyphs_root)},
    )
    (folder / "test_models.py").write_text(ENCODER.replace("test_encoder", "test_new"))
    options = ("-n", "2", "--junitxml=junit.xml", "-p", "no:benchmark")
    nightly = ("--accuracy-tier=nightly", "--accuracy-history=nights.jsonl")

    process = start_guarded(folder, *options, *nightly, data=glyphs_root)
    text, _ = process.communicate(timeout=300)

    assert process.returncode == 1, text
    cases = list(ElementTree.parse(folder / "junit.xml").iter("testcase"))
    records = [json.loads(value) for value in properties(cases, "accuracy record")]
    done = {record["test"]: record["done"] for record in records}
    assert done == {
        "test_models.py::test_new": "missing",
        "test_models.py::test_threads_are_shared": "compared",
        "tests/test_more.py::test_encoder": "compared",
        "tests/test_more.py::test_threads_are_shared": "compared",
    }
    assert {record["alpha"] for record in records} == {0.05 / 4}
    assert "no test uses this reference of test_models.py::test_encoder" in text
    assert len((folder / "nights.jsonl").read_text().splitlines()) == 3
    words = [value.partition(":")[0] for value in properties(cases, "accuracy")]
    assert sorted(words) == ["missing", "pass", "pass", "pass"]


def properties(cases: list[ElementTree.Element], name: str) -> list[str]:
    """Return the values of a property in all tests of a JUnit file."""
    found = []
    for case in cases:
        for one in case.iter("property"):
            if one.get("name") == name:
                found.append(one.get("value", ""))
    return found
