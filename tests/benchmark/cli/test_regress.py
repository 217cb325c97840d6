"""regress as a user meets it: references saved, compared and replaced."""

import json
from dataclasses import replace

import pytest

from fewbench.reports.result_files import save_result
from fewbench_tests.guarded import OTHER_MACHINE, with_changed

SET = "accuracy/reference"


@pytest.fixture
def saved(fewbench, names):
    """The command, in a folder with a reference of the first result."""
    fewbench("regress", names[0], "--reference", SET, "--save", "--name", "mine")
    return fewbench


@pytest.fixture
def worse(results, tmp_path) -> str:
    """A result on the same episodes, on another machine, with a clear drop."""
    new = with_changed(results[0], 0, to_wrong=300, environment=OTHER_MACHINE)
    save_result(new, tmp_path / "worse")
    return "worse"


def test_an_unchanged_result_passes(saved, names) -> None:
    place = "accuracy/reference/mine__glyphs-5w1s-100ep"
    for reference in (SET, place, f"{place}/reference.json", names[0]):
        text = saved("regress", names[0], "--reference", reference).stdout

        assert text.startswith("PASS: protonet conv4-64 fp32 seed 0")
        assert "all 7,500 predictions are those of the reference" in text


def test_a_drop_exits_with_1(saved, worse) -> None:
    text = saved("regress", worse, "--reference", SET, code=1).stdout
    assert "the accuracy dropped: -4.00 points" in text
    accept = (
        "fewbench regress RESULT --reference accuracy/reference/mine__glyphs-5w1s-100ep"
    )
    assert f"accept it: {accept} --update --reason" in text
    done = saved("regress", worse, "--reference", SET, "--json", code=1)
    [check] = json.loads(done.stdout)["checks"]
    assert (check["outcome"], check["name"]) == ("fail", "mine")
    assert check["facts"]["right_to_wrong"] == 300
    allowed = ("--fail", "drop:20%")
    assert "PASS" in saved("regress", worse, "--reference", SET, *allowed).stdout


def test_undecided_passes_unless_strict(saved, results, tmp_path) -> None:
    new = with_changed(
        results[0], 0, to_wrong=30, to_right=20, environment=OTHER_MACHINE
    )
    save_result(new, tmp_path / "close")
    arguments = ("regress", "close", "--reference", SET, "--margin", "0.1%")
    assert "UNDECIDED" in saved(*arguments).stdout
    saved(*arguments, "--strict", code=1)


def test_unlike_results_exit_with_2_and_say_what_differs(saved, names, results) -> None:
    place = "accuracy/reference/mine__glyphs-5w1s-100ep"
    error = saved("regress", "other", "--reference", place, code=2).stderr
    assert "n_shot 1 there, 5 here" in error
    assert error.count("\n") == 1


def test_a_set_without_the_protocol_never_passes(saved, names) -> None:
    saved("regress", names[1], "--reference", SET, "--save", "--name", "second")
    error = saved("regress", "other", "--reference", SET, code=2).stderr
    assert "got none" in error
    ambiguous = saved("regress", names[0], "--reference", SET, code=2).stderr
    assert "got mine, second. Choose one with --name NAME" in ambiguous
    named = ("--reference", SET, "--name", "mine")
    assert "PASS" in saved("regress", names[0], *named).stdout


def test_a_reference_is_replaced_for_a_reason(saved, worse, tmp_path) -> None:
    path = tmp_path / SET / "mine__glyphs-5w1s-100ep" / "reference.json"
    original = path.read_text()
    edited = original.replace('"reason": ""', '"reason": "approved"')
    path.write_text(edited)
    error = saved("regress", worse, "--reference", SET, code=2).stderr
    assert "changed by hand" in error
    assert f"begin a new history: rm -r {SET}/mine__glyphs-5w1s-100ep && few" in error

    arguments = ("regress", worse, "--reference", SET, "--update")
    assert "--reason TEXT" in saved(*arguments, code=2).stderr
    for reference in (SET, path.parent, path):
        update = ("--reference", str(reference), "--update", "--reason", "why")
        error = saved("regress", worse, *update, code=2).stderr
        assert "changed by hand" in error
    assert path.read_text() == edited
    path.write_text(original)
    saved(*arguments, "--reason", "a smaller model")

    assert "PASS" in saved("regress", worse, "--reference", SET).stdout
    history = json.loads(path.read_text())["history"]
    assert [one["reason"] for one in history] == ["", "a smaller model"]


def test_another_name_by_hand_makes_no_second_folder(saved, worse, tmp_path) -> None:
    folder = tmp_path / SET / "mine__glyphs-5w1s-100ep"
    path = folder / "reference.json"
    original = path.read_text()
    path.write_text(original.replace('"name": "mine"', '"name": "yours"'))
    update = ("--reference", SET, "--update", "--reason", "why")

    assert "changed by hand" in saved("regress", worse, *update, code=2).stderr

    path.write_text(original)
    renamed = folder.rename(folder.with_name("renamed"))
    error = saved("regress", worse, *update, code=2).stderr
    assert f"Rename it: mv {SET}/renamed {SET}/mine__glyphs-5w1s-100ep" in error
    assert list(path.parents[1].glob("*/reference.json")) == [renamed / path.name]


def test_training_runs_are_judged_by_their_spread(fewbench, results, tmp_path) -> None:
    for seed in range(4):
        run = with_changed(results[0], 0, to_wrong=10 * seed, train_seed=seed)
        save_result(run, tmp_path / "runs")
    low = with_changed(results[0], 0, to_wrong=400, train_seed=50)
    save_result(low, tmp_path / "low")
    save = ("--reference", SET, "--save", "--name", "night")
    assert "add --retrained" in fewbench("regress", "runs", *save, code=2).stderr
    text = fewbench("regress", "runs", *save, "--retrained").stdout
    assert "(standard deviation, 4 runs)" in text

    told = fewbench("regress", "low", "--reference", SET, code=1).stdout

    assert "is seen 8 times in 10" in told
    assert "The reference has 4 runs" in told


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["A"], "Missing option '--reference'"),
        (["A", "--reference", "nowhere"], "--save --name NAME"),
        (["none.json", "--reference", "A"], "no such result"),
        (
            ["A", "--reference", "A", "--fail", "worse"],
            "expected significant, identical",
        ),
        (["A", "--reference", "A", "--margin", "0.5"], "Type 0.5% for 0.5 points"),
        (
            ["A", "--reference", "A", "--alpha", "60%"],
            "expected a risk of at least 0.0001% and below 50 %",
        ),
        (["A", "--reference", "A", "--save"], "needs a name"),
        (["A", "--reference", "A", "--reason", "x"], "no effect without --update"),
        (["A", "--reference", "A", "--retrained"], "no effect without --save"),
        (["A", "--reference", "A", "--save", "--update"], "got both"),
        (
            ["A", "--reference", "A", "--update", "--reason", "x"],
            "expected a reference, got a result",
        ),
    ],
)
def test_a_mistake_is_answered_with_a_sentence(
    fewbench, names, arguments, complaint
) -> None:
    words = [names[0] if word == "A" else word for word in arguments]
    error = fewbench("regress", *words, code=2).stderr
    assert complaint in " ".join(error.split())
    assert "error: " in error


def test_the_name_of_a_run_may_be_a_test(fewbench, names, results, tmp_path) -> None:
    save_result(replace(results[1], command="x"), tmp_path / "again")
    name = "test_models.py::test_mine"
    fewbench("regress", names[1], "--reference", SET, "--save", "--name", name)
    assert name in fewbench("regress", "again", "--reference", SET).stdout
