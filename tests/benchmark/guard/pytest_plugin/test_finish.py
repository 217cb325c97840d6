"""What happens once at the end of a run: GitHub, the history of nights, the exit code."""

import errno
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest

from fewbench.benchmark.guard.history import read_nights
from fewbench.benchmark.guard.pytest_plugin import report_files
from fewbench_tests.guard_runs import Ran, run_guarded, write_tests

MISSING = """
import pytest
from torch import nn


@pytest.mark.parametrize("number", range(12))
def test_missing(accuracy, number):
    accuracy(nn.Flatten(), "glyphs-5w1s")
"""
SWALLOWED = """
import pytest
from torch import nn


def test_swallowed(accuracy):
    try:
        accuracy(nn.Flatten(), "glyphs-5w1s")
    except AssertionError:
        pass


@pytest.mark.xfail
def test_expected(accuracy):
    accuracy(nn.Flatten(), "glyphs-5w1s")
"""
CRASHES = """
import pytest
from torch import nn


def crash(seed=0):
    raise RuntimeError("no memory")


@pytest.fixture
def model():
    crash()


def test_make(accuracy):
    accuracy.retrained(crash, "glyphs-5w1s", episodes=20)


def test_before(accuracy):
    accuracy(crash(), "glyphs-5w1s", episodes=20)


def test_set_up(accuracy, model):
    accuracy(model, "glyphs-5w1s", episodes=20)


def test_idle(accuracy):
    pass


def test_protocol(accuracy):
    accuracy(nn.Flatten(), "glyphs-5w2s")


def test_good(accuracy):
    accuracy(nn.Flatten(), "glyphs-5w1s", episodes=20)
"""
NIGHTLY = """
import pytest
from torch import nn


@pytest.mark.accuracy(tier="nightly")
def test_night(accuracy):
    accuracy(nn.Flatten(), "glyphs-5w1s", episodes=20)
"""
TRAINED = """
import os

import torch
from torch import nn


def make(seed):
    torch.manual_seed(seed)
    n_features = 1 if os.environ.get("BROKEN") else 32
    return nn.Sequential(nn.Flatten(), nn.Linear(784, n_features))


def test_trained(accuracy):
    accuracy.retrained(make, "glyphs-5w1s", episodes=20)
"""


def test_github_gets_a_summary_and_nine_annotations(tmp_path: Path) -> None:
    folder = write_tests(tmp_path, test_models=MISSING)
    page = tmp_path / "page.md"
    github = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_STEP_SUMMARY": str(page),
        "GITHUB_WORKSPACE": str(tmp_path),
    }

    ran = run_guarded(folder, report=False, environment=github)

    lines = [line for line in ran.text.splitlines() if line.startswith("::error")]
    assert len(lines) == 9
    title = "title=test_models.py%3A%3Atest_missing[0] on glyphs-5w1s-val-600ep::"
    assert lines[0].startswith(f"::error file=test_models.py,line=6,{title}")
    assert lines[0].endswith(
        "%0Apytest 'test_models.py::test_missing[0]' --accuracy-save"
    )
    assert lines[-1].endswith("and 4 more checks failed")
    text = page.read_text()
    assert text.startswith("### Accuracy: 12 of 12 checks failed")
    assert text.count("| NO REFERENCE |") == 12


def test_elsewhere_nothing_is_annotated(tmp_path: Path) -> None:
    folder = write_tests(tmp_path, test_models=MISSING)

    ran = run_guarded(
        folder,
        report=False,
        environment={"GITHUB_ACTIONS": "", "GITHUB_STEP_SUMMARY": ""},
    )

    assert "::error" not in ran.text


NIGHTS = ("--accuracy-tier=nightly", "--accuracy-history=nights.jsonl")


def save_reference(folder: Path, root: Path, n_runs: int) -> dict[str, str]:
    """Save the reference of a training. Return the environment for further runs."""
    write_tests(folder, test_models=TRAINED)
    data = {"FEWBENCH_DATA": str(root)}
    options = ("--accuracy-save", f"--accuracy-runs={n_runs}")
    run_guarded(folder, *options, report=False, environment=data)
    return data


@pytest.mark.usefixtures("unrendered")
def test_nights_are_kept_and_an_alarm_is_confirmed(
    glyphs_root: Path, tmp_path: Path
) -> None:
    """A second seed is trained when the evidence of all nights is enough."""
    folder = tmp_path
    data = save_reference(folder, glyphs_root, 5)

    def night(day: int, **environment: str) -> tuple[int, dict[str, Any], str]:
        date = f"--accuracy-date=2026-11-{day:02}"
        ran = run_guarded(folder, *NIGHTS, date, environment={**data, **environment})
        return ran.code, ran.check("test_trained"), ran.text

    code, check, _ = night(1)
    assert code == 0
    assert any(one.startswith("First night") for one in check["remarks"])
    day = 1
    while code == 0 and day < 8:
        day += 1
        code, check, _ = night(day, BROKEN="1")

    assert code == 1
    assert f"after {day} runs" in check["reason"]
    assert "confirmed by 1 run with another seed" in check["reason"]
    nights = read_nights(folder / "nights.jsonl")
    assert [one.date[-2:] for one in nights] == [
        *(f"{number:02}" for number in range(1, day)),
        *[f"{day:02}"] * 2,
    ]
    assert nights[-1].outcome == "fail"
    plots = list(folder.glob("report/test-models-py-test-trained-*/nights.svg"))
    assert len(plots) == 1
    assert len({one.train_seed for one in nights}) == len(nights)
    # It stays red if it is repeated, also in its row, and the night before is refused.
    code, again, text = night(day)
    assert code == 1
    assert again["accuracy"] == check["accuracy"]
    [row] = [one for one in text.splitlines() if one.endswith("  FAIL")]
    shown = f"{100 * check['accuracy']:.2f} %"
    assert f"  {shown}  " in row
    assert f"1 new run has {shown}, " in again["reason"]
    repeated = read_nights(folder / "nights.jsonl")[len(nights) :]
    assert [one.outcome for one in repeated] == ["fail", "fail"]
    date = f"--accuracy-date=2026-11-{day - 1:02}"
    refused = run_guarded(folder, *NIGHTS, date, environment=data)
    assert refused.code == 1
    assert f"Type --accuracy-date=2026-11-{day:02} or a later date" in refused.text


@pytest.mark.parametrize("history", [(), NIGHTS[1:]])
def test_a_large_drop_is_red_on_the_first_night(
    glyphs_root: Path, tmp_path: Path, history: tuple[str, ...]
) -> None:
    """Also with three reference runs, whose e-value cannot alarm yet."""
    folder = tmp_path
    data = save_reference(folder, glyphs_root, 3)
    options = ("--accuracy-tier=nightly", "--accuracy-date=2026-11-26", *history)

    green = run_guarded(folder, *options, environment=data)
    (folder / "nights.jsonl").unlink(missing_ok=True)
    red = run_guarded(folder, *options, environment={**data, "BROKEN": "1"})

    assert (green.code, red.code) == (0, 1)
    verdict = red.check("test_trained")["verdict"]
    assert "a drop, confirmed by 1 run with another seed" in verdict["reason"]
    facts = verdict["facts"]
    assert {*facts["train_seeds"]}.isdisjoint(facts["second_train_seeds"])
    for one in (green, red):
        words = "a first look: without a history, each night is judged"
        assert (words in one.text) == (not history)


def test_two_runs_a_night_are_confirmed_by_two_others(
    glyphs_root: Path, tmp_path: Path
) -> None:
    folder = tmp_path
    data = save_reference(folder, glyphs_root, 3)
    text = TRAINED.replace("episodes=20", "episodes=20, runs=2")
    write_tests(folder, test_models=text)

    red = run_guarded(folder, *NIGHTS, environment={**data, "BROKEN": "1"})

    assert red.code == 1
    reason = red.check("test_trained")["reason"]
    assert "confirmed by 2 runs with other seeds" in reason
    seeds = {one.train_seed for one in read_nights(folder / "nights.jsonl")}
    assert len(seeds) == 4


def test_a_damaged_history_is_no_success(glyphs_root: Path, tmp_path: Path) -> None:
    folder = write_tests(tmp_path, test_models=MISSING.replace("range(12)", "[0]"))
    data = {"FEWBENCH_DATA": str(glyphs_root)}
    run_guarded(folder, "--accuracy-save", report=False, environment=data)
    (folder / "nights.jsonl").write_text("{}\n")

    options = ("--accuracy-tier=nightly", "--accuracy-history=nights.jsonl")
    ran = run_guarded(folder, *options, environment=data)

    assert ran.check("[0]")["verdict"]["outcome"] == "pass"
    assert ran.code == 1
    assert "nights.jsonl, line 1: cannot read a night" in ran.text
    assert (folder / "nights.jsonl").read_text() == "{}\n"


def test_a_failed_check_whose_test_passes_is_no_success(tmp_path: Path) -> None:
    folder = write_tests(tmp_path, test_models=SWALLOWED)

    swallowed = run_guarded(folder, "-k", "swallowed")
    expected = run_guarded(folder, "-k", "expected")

    assert swallowed.code == 1
    assert "1 passed" in swallowed.text
    place = "test_models.py::test_swallowed on glyphs-5w1s-val-600ep"
    assert f"error: {place}: failed, but its test passed" in swallowed.text
    assert expected.code == 0, expected.text
    assert "but its test" not in expected.text


def test_crashes_and_idle_tests_are_counted(glyphs_root: Path, tmp_path: Path) -> None:
    folder = write_tests(tmp_path, test_models=CRASHES)
    page = tmp_path / "page.md"
    environment = {
        "FEWBENCH_DATA": str(glyphs_root),
        "GITHUB_STEP_SUMMARY": str(page),
    }

    ran = run_guarded(folder, "--accuracy-save", environment=environment)

    assert ran.code == 1
    assert page.read_text().startswith("### Accuracy: 5 of 6 checks failed")
    reasons = {
        "test_make": "RuntimeError: no memory",
        "test_before": "RuntimeError: no memory",
        "test_set_up": "RuntimeError: no memory",
        "test_idle": "measured nothing",
        "test_protocol": "glyphs-5w2s",
    }
    for test, reason in reasons.items():
        check = ran.check(test)
        assert check["done"] == "error"
        assert reason in check["reason"]
    assert ran.check("test_make")["protocol"] == "glyphs-5w1s-val-20ep"


def test_a_run_without_checks_writes_no_table(tmp_path: Path) -> None:
    folder = write_tests(tmp_path, test_models=NIGHTLY)
    page = tmp_path / "page.md"

    ran = run_guarded(
        folder, report=False, environment={"GITHUB_STEP_SUMMARY": str(page)}
    )

    assert ran.code == 0
    assert "1 skipped" in ran.text
    assert "difference" not in ran.text
    assert not page.exists()


def test_the_command_of_a_nightly_check_works_when_typed(
    glyphs_root: Path, tmp_path: Path
) -> None:
    folder = write_tests(tmp_path, test_models=NIGHTLY)
    data = {"FEWBENCH_DATA": str(glyphs_root)}
    missing = run_guarded(folder, "--accuracy-tier=nightly", environment=data)

    _, *typed = shlex.split(missing.check("test_night")["command"])
    saved = run_guarded(folder, *typed, environment=data)

    assert saved.code == 0, saved.text
    assert saved.check("test_night")["done"] == "saved"
    [path] = folder.glob("accuracy/reference/*/reference.json")
    path.write_text(path.read_text().replace('"reason": ""', '"reason": "edited"'))
    edited = run_guarded(folder, "--accuracy-tier=nightly", environment=data)
    assert edited.code == 1
    _, _, commands = edited.check("test_night")["reason"].partition("new history: ")
    remove, save = map(shlex.split, commands.split(" && "))
    assert remove == ["rm", "-r", str(path.parent.relative_to(folder))]
    shutil.rmtree(path.parent)
    again = run_guarded(folder, *save[1:], environment=data)
    assert again.check("test_night")["done"] == "saved", again.text


STOPS = """
import os

import pytest
from torch import nn


def encoder():
    if os.environ.get("BROKEN"):
        return nn.Sequential(nn.AvgPool2d(28), nn.Flatten())
    return nn.Flatten()


def test_stops(accuracy):
    accuracy(nn.Flatten(), "glyphs-5w1s", episodes=20)
    if os.environ.get("STOP") == "crash":
        raise RuntimeError("no memory\\nat all")
    if os.environ.get("STOP") == "interrupt":
        raise KeyboardInterrupt
    accuracy(nn.Flatten(), "glyphs-5w5s", episodes=20)


def test_after(accuracy):
    accuracy(encoder(), "glyphs-5w1s", episodes=20)


@pytest.mark.skip(reason="slow")
def test_skipped(accuracy):
    accuracy(nn.Flatten(), "glyphs-5w1s", episodes=20)
"""


@pytest.fixture(scope="module")
def saved(glyphs_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """The run that saved the references of STOPS."""
    folder = write_tests(tmp_path_factory.mktemp("stops"), test_models=STOPS)
    data = {"FEWBENCH_DATA": str(glyphs_root)}
    return run_guarded(folder, "--accuracy-save", environment=data)


@pytest.fixture
def stops(saved: Ran) -> Path:
    """The folder of STOPS, with the references of its checks."""
    return Path(saved.check("after")["file"]).parent


def test_skipped_checks_are_counted(saved: Ran) -> None:
    assert (saved.summary["unmeasured"], saved.summary["n_skipped"]) == ([], 1)
    assert "tests that were skipped, so they measured nothing: 1" in saved.text


def test_what_a_stopped_test_did_not_measure_is_said(
    stops: Path, glyphs_root: Path, tmp_path: Path
) -> None:
    page = tmp_path / "page.md"
    data = {"FEWBENCH_DATA": str(glyphs_root)}
    github = {**data, "GITHUB_STEP_SUMMARY": str(page)}
    crash = run_guarded(stops, "-x", environment={**github, "STOP": "crash"})
    interrupt = run_guarded(stops, environment={**data, "STOP": "interrupt"})

    second = "test_models.py::test_stops on glyphs-5w5s-val-20ep: not measured, since"
    after = "test_models.py::test_after: not measured to its end, since the run stopped"
    good, bad = crash.summary["checks"]
    assert good["verdict"]["outcome"] == "pass"
    assert bad["reason"].startswith(
        "the test failed after a check had passed: RuntimeError: no memory; whatever"
    )
    assert page.read_text().startswith("### Accuracy: 1 of 2 checks failed")
    assert crash.summary["unmeasured"][0].startswith(second)
    assert after in crash.summary["unmeasured"]
    assert interrupt.code == 2
    [kept] = interrupt.summary["checks"]
    assert kept["verdict"]["outcome"] == "pass"
    assert after.replace("after", "stops") in interrupt.summary["unmeasured"]
    assert after in interrupt.summary["unmeasured"]


@pytest.mark.parametrize("option", ["report", "history"])
def test_an_unwritable_place_is_refused_before_anything_runs(
    tmp_path: Path, option: str
) -> None:
    folder = write_tests(tmp_path, test_models=MISSING)
    (folder / "file").touch()

    place = f"--accuracy-{option}=file/below"
    ran = run_guarded(folder, place, "--accuracy-tier=nightly", report=False)

    assert ran.code == pytest.ExitCode.USAGE_ERROR
    assert f"ERROR: --accuracy-{option}: cannot write " in ran.text
    assert f"got {folder / 'file'}, which is no folder. Choose another" in ran.text
    assert "test_missing" not in ran.text


def test_a_report_that_becomes_unwritable_hides_no_verdict(
    stops: Path, glyphs_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(report_files, "save_result", refuse)
    data = {"FEWBENCH_DATA": str(glyphs_root)}
    green = run_guarded(stops, "-k", "after", environment=data)
    red = run_guarded(stops, "-k", "after", environment={**data, "BROKEN": "1"})

    for ran, outcome in ((green, "pass"), (red, "fail")):
        assert ran.code == 1
        assert "INTERNALERROR" not in ran.text
        check = ran.check("test_after")
        assert (check["verdict"]["outcome"], check["passed"]) == (outcome, False)
        assert "cannot write to" in check["remarks"][-1]
        assert "No space left on device. Choose another" in check["remarks"][-1]
    assert "E       AssertionError: glyphs-5w1s-val-20ep: " in red.text
