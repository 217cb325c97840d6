"""The fixture `accuracy`, as a user sees it: saved once, passes, and fails when it should."""

import json
from pathlib import Path

import pytest

from fewbench_tests.guard_runs import Ran, run_guarded, write_tests

MODELS = """
import os

import torch
from torch import nn


class Encoder(nn.Module):
    def forward(self, images):
        if os.environ.get("BROKEN"):
            images = nn.functional.avg_pool2d(images, 28)
        return images.flatten(1)


def make_linear(seed):
    torch.manual_seed(seed)
    n_features = 1 if os.environ.get("BROKEN") else 16
    return nn.Sequential(nn.Flatten(), nn.Linear(784, n_features))


def test_same(accuracy):
    result = accuracy(Encoder(), "glyphs-5w1s", episodes=20)
    assert result.protocol.name == "glyphs-5w1s-val-20ep"


def test_trained(accuracy):
    results = accuracy.retrained(make_linear, "glyphs-5w1s", episodes=20, runs=2)
    assert len({result.train_seed for result in results}) == len(results)


def test_on_test(accuracy):
    accuracy(Encoder(), "glyphs-5w1s", split="test", episodes=20, name="on test")
"""
MISTAKES = """
import pytest
from torch import nn


def test_twice(accuracy):
    accuracy(nn.Flatten(), "glyphs-5w1s", episodes=20)
    accuracy(nn.Flatten(), "glyphs-5w1s", episodes=20)


def test_unknown_protocol(accuracy):
    accuracy(nn.Flatten(), "glyphs-5w2s")


def test_no_protocol(accuracy):
    accuracy(nn.Flatten(), 3)


def test_no_function(accuracy):
    accuracy.retrained(nn, "glyphs-5w1s")


def test_no_data(accuracy, tmp_path):
    accuracy(nn.Flatten(), "omniglot-20w1s", root=tmp_path)


def test_no_model(accuracy):
    accuracy("missing.pt", "glyphs-5w1s")


def test_crash(accuracy):
    accuracy(nn.Linear(3, 3), "glyphs-5w1s", episodes=20)


def test_nothing(accuracy):
    pass


@pytest.mark.usefixtures("accuracy")
def test_nothing_either():
    pass


def test_skipped(accuracy):
    pytest.skip("not today")
"""


@pytest.fixture(scope="module")
def runs(glyphs_root: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ran]:
    """What a user does, in order."""
    folder = write_tests(tmp_path_factory.mktemp("user"), test_models=MODELS)
    options = {
        "first": (),
        "save": ("--accuracy-save", "--accuracy-runs=5"),
        "again": (),
        "save again": ("--accuracy-save",),
        "broken": (),
        "update": (
            "--accuracy-update",
            "--accuracy-reason=a coarser encoder",
            "--accuracy-runs=3",
        ),
        "accepted": (),
    }
    found = {}
    for name, given in options.items():
        environment = {"FEWBENCH_DATA": str(glyphs_root)}
        if name in ("broken", "update", "accepted"):
            environment["BROKEN"] = "1"
        found[name] = run_guarded(folder, *given, environment=environment)
    return found


def test_without_a_reference_it_fails_with_the_command_that_makes_it(
    runs: dict[str, Ran],
) -> None:
    assert runs["first"].code == 1
    check = runs["first"].check("test_same")
    assert check["done"] == "missing"
    assert check["accuracy"] is None
    assert check["command"] == "pytest test_models.py::test_same --accuracy-save"
    assert f"E       {check['command']}" in runs["first"].text


def test_it_is_saved_once_and_passes(runs: dict[str, Ran]) -> None:
    assert runs["save"].code == 0, runs["save"].text
    assert {one["done"] for one in runs["save"].summary["checks"]} == {"saved"}
    assert (
        "reference of 5 training runs" in runs["save"].check("test_trained")["reason"]
    )
    for name in ("again", "save again"):
        assert runs[name].code == 0, runs[name].text
        assert {one["done"] for one in runs[name].summary["checks"]} == {"compared"}
    same = runs["again"].check("test_same")
    assert same["verdict"]["rule"] == "identical predictions"
    assert same["accuracy"] == same["reference"]


def test_a_broken_model_fails_as_an_assertion_of_the_test(runs: dict[str, Ran]) -> None:
    text = runs["broken"].text

    assert runs["broken"].code == 1
    assert runs["broken"].check("test_same")["verdict"]["outcome"] == "fail"
    assert runs["broken"].check("test_trained")["verdict"]["outcome"] == "fail"
    assert "E       AssertionError: glyphs-5w1s-val-20ep: " in text
    # The line of the test is the last of the traceback: nothing of fewbench is shown.
    assert "fixture.py" not in text
    assert 'accuracy(Encoder(), "glyphs-5w1s", episodes=20)' in text


def test_an_update_is_accepted_with_its_reason(runs: dict[str, Ran]) -> None:
    assert runs["update"].code == 0, runs["update"].text
    assert runs["accepted"].code == 0, runs["accepted"].text
    check = runs["accepted"].check("test_same")
    [path] = Path(check["folder"]).glob("test-models-py-test-same-*/reference.json")
    history = json.loads(path.read_text())["history"]
    assert [line["reason"] for line in history] == ["", "a coarser encoder"]


def test_the_test_split_is_noted(runs: dict[str, Ran]) -> None:
    check = runs["again"].check("test_on_test")

    assert check["protocol"] == "glyphs-5w1s-20ep"
    assert any("measured on the split test" in remark for remark in check["remarks"])
    assert runs["again"].check("test_same")["remarks"] == []


def test_mistakes_are_told_apart_from_failures(
    glyphs_root: Path, tmp_path: Path
) -> None:
    folder = write_tests(tmp_path, test_mistakes=MISTAKES)
    options = ("--accuracy-save", "-rA", f"--junitxml={tmp_path}/junit.xml")

    ran = run_guarded(folder, *options, environment={"FEWBENCH_DATA": str(glyphs_root)})

    lines = {}
    for line in ran.text.splitlines():
        for word in ("ERROR", "FAILED"):
            if line.startswith(f"{word} test_mistakes.py::"):
                test, _, reason = line.partition(" - ")
                lines[test] = reason
    place = "test_mistakes.py::"
    assert "twice: expected different names" in lines[f"ERROR {place}test_twice"]
    assert "glyphs-5w1s" in lines[f"ERROR {place}test_unknown_protocol"]
    assert "name of a protocol, got a int" in lines[f"ERROR {place}test_no_protocol"]
    assert "function of a seed" in lines[f"ERROR {place}test_no_function"]
    assert "fewbench data build" in lines[f"ERROR {place}test_no_data"]
    assert "missing.pt" in lines[f"ERROR {place}test_no_model"]
    assert "shape" in lines[f"ERROR {place}test_crash"]
    assert "measured nothing" in lines[f"FAILED {place}test_nothing"]
    assert "measured nothing" in lines[f"FAILED {place}test_nothing_either"]
    assert len(lines) == 9
    assert "SKIPPED [1] test_mistakes.py" in ran.text


DYNAMIC = """
import pytest


@pytest.fixture
def checker(accuracy):
    return accuracy


@pytest.fixture(autouse=True)
def asked_before(request):
    if "before" in request.node.name:
        request.getfixturevalue("checker")


def test_in_the_test(request):
    request.getfixturevalue("accuracy")


def test_by_another_fixture(request):
    request.getfixturevalue("checker")


def test_before():
    pass


def test_it_is_called(request):
    request.getfixturevalue("checker")(None, "glyphs-5w1s", episodes=20)


def test_it_is_skipped(request):
    request.getfixturevalue("accuracy")
    pytest.skip("not today")


def test_it_is_not_asked_for():
    pass
"""


def test_however_it_is_asked_for_measuring_nothing_fails(tmp_path: Path) -> None:
    ran = run_guarded(write_tests(tmp_path, test_dynamic=DYNAMIC), "-rA")

    assert ran.code == 1
    for test in ("test_in_the_test", "test_by_another_fixture", "test_before"):
        words = f"test_dynamic.py::{test}: measured nothing: expected a call of the"
        assert f"FAILED test_dynamic.py::{test} - Failed: {words}" in ran.text
        assert ran.check(test)["reason"].startswith("measured nothing")
    assert ran.check("test_it_is_called")["done"] == "missing"
    assert "4 failed, 1 passed, 1 skipped" in ran.text
    assert len(ran.summary["checks"]) == 4
