"""compare as a user meets it, wrong input too."""

import json
from dataclasses import replace

import pytest

from fewbench.benchmark.cli.compare import published_mean
from fewbench.errors import UserError
from fewbench.reports.result_files import save_result
from fewbench.reports.stats.comparisons import compare, compare_all


def test_two_results_are_compared_as_given(fewbench, names, results) -> None:
    text = fewbench("compare", names[1], names[0]).stdout
    expected = compare(results[1], results[0])

    assert expected.interval is not None
    assert "1  maml conv4-32 fp32 seed 0 on glyphs-5w1s" in text
    assert f"1 - 2  {100 * expected.difference:+.2f}" in text
    assert (
        f"[{100 * expected.interval.low:+.2f}, {100 * expected.interval.high:+.2f}]"
        in text
    )
    assert "< 0.0001" in text
    assert "paired over the same 100 episodes" in text


def test_json_holds_every_pair_and_nothing_is_rounded(fewbench, names, results) -> None:
    document = json.loads(
        fewbench("compare", *names, "--level", "90%", "--json").stdout
    )
    expected = compare_all(list(results), 0.9)

    assert [one["learner"] for one in document["results"]] == [
        "protonet",
        "maml",
        "centroid",
    ]
    assert [(one["a"], one["b"]) for one in document["comparisons"]] == [
        (0, 1),
        (0, 2),
        (1, 2),
    ]
    for found, one in zip(document["comparisons"], expected, strict=True):
        assert found["difference"] == one.difference
        assert one.interval is not None
        assert found["interval"]["low"] == one.interval.low
        assert found["p_adjusted"] == one.p_adjusted
        assert found["bootstrap"] is None
    two = json.loads(fewbench("compare", *names[:2], "--json").stdout)["comparisons"]
    assert two[0]["bootstrap"]["kind"] == "paired-bootstrap"
    folder = json.loads(fewbench("compare", ".", "--json").stdout)
    assert len(folder["comparisons"]) == 3


def test_marks_and_kinds_stand_beside_what_is_compared(
    fewbench, names, results
) -> None:
    text = fewbench("compare", names[0], names[2]).stdout

    assert "glyphs-5w1s-100ep †" in text
    assert "† transductive" in text
    assert "paired-t" in text


def test_a_result_and_its_copy_are_equal(fewbench, names, tmp_path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    for suffix in (".json", ".npz"):
        file = tmp_path / names[0].replace(".json", suffix)
        (copy / file.name).write_bytes(file.read_bytes())
    text = fewbench("compare", names[0], f"copy/{names[0]}").stdout
    assert "1 - 2: 0 of 7,500 predictions differ" in text
    assert "+0.00 ±" not in text


def test_a_published_number_is_tested_within_a_margin(fewbench, names, results) -> None:
    arguments = ("compare", names[0], "--published", "90%", "--margin", "2%")
    assert (
        "1: reproduced within 2 points: ours minus published"
        in fewbench(*arguments).stdout
    )
    far = fewbench(
        "compare", names[0], "--published", "0.8", "--margin", "1%", "--json", code=1
    ).stdout
    assert json.loads(far)["equivalence"][0]["verdict"] == "not reproduced"
    loose = (*arguments, "--published-half-width", "3%", "--json")
    assert (
        json.loads(fewbench(*loose).stdout)["equivalence"][0]["verdict"] == "undecided"
    )
    fewbench(*loose, "--strict", code=1)


def test_the_first_must_be_no_worse_than_the_second(fewbench, names) -> None:
    better, worse = names[:2]
    gate = ("--margin", "0.5%")
    assert (
        "\npass: the first is not worse"
        in fewbench("compare", *names[:2], *gate).stdout
    )
    failed = fewbench("compare", worse, better, *gate, "--json", code=1)
    found = json.loads(failed.stdout)["gate"]
    assert (found["outcome"], found["limits"]["alpha"]) == ("fail", 0.05)
    assert found["high"] < -0.005
    # A significant drop that is smaller than the margin passes.
    assert "\npass: " in fewbench("compare", worse, better, "--margin", "90%").stdout
    two_sided = fewbench("compare", better, worse, *gate, "--two-sided", code=1).stdout
    assert (
        "\nfail: the first and the second differ by more than 0.5 points:" in two_sided
    )
    assert json.loads(fewbench("compare", *names[:2], "--json").stdout)["gate"] is None


def test_undecided_exits_with_1_only_if_strict(fewbench, names) -> None:
    gate = ("compare", names[0], names[2], "--margin", "0.01%")
    text = fewbench(*gate).stdout
    assert "\nundecided: " in text
    assert "more episodes would decide" in text
    fewbench(*gate, "--strict", code=1)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["A", "other"], "expected n_shot 1 for both, got 5"),
        (
            ["A"],
            "expected at least 2 results, or one result and a published number, got 1",
        ),
        (["A", "./A"], "is given twice"),
        (["A", "nothing.json"], "nothing.json: no such result"),
        (
            ["A", "B", "--margin", "0.1", "--published", "90%"],
            "Type 0.1% for 0.1 points, or 10%",
        ),
        (["A", "B", "--published", "90%"], "needs both"),
        (["A", "B", "--two-sided"], "no effect here"),
        (["A", "B", "--strict"], "no effect without a test"),
        (["A", "B", "C", "--margin", "1%"], "expected two results, the new one first"),
        (
            ["A", "B", "--margin", "1%", "--level", "50%"],
            "--level 50%: expected more than 50 % with --margin",
        ),
        (["A", "--published-half-width", "1%"], "needs both"),
        (["A", "B", "--published", "98.8", "--margin", "1%"], "Type 98.8%"),
        (["A", "B", "--level", "95"], "Type 95%"),
        (["A", "B", "--level", "high"], "got 'high'"),
        (
            (
                "A",
                "--published",
                "98.8%",
                "--margin",
                "1%",
                "--published-half-width",
                "0.2",
            ),
            "0.2 without a % sign would be 20 points",
        ),
    ],
)
def test_compare_answers_a_mistake_with_a_sentence(
    fewbench, names, arguments, complaint
) -> None:
    files = {"A": names[0], "B": names[1], "C": names[2], "./A": f"./{names[0]}"}
    words = [files.get(word, word) for word in arguments]
    error = fewbench("compare", *words, code=2).stderr
    assert complaint in error
    assert error.count("\n") == 1


def test_a_published_number_is_given_with_its_margin() -> None:
    target = published_mean(0.9, 0.01, None)
    assert target is not None
    assert (target.mean, target.margin, target.half_width) == (0.9, 0.01, None)
    assert published_mean(None, None, None) is None
    with pytest.raises(UserError, match="--margin"):
        published_mean(None, None, 0.01)


@pytest.fixture
def folders(fewbench, names, tmp_path):
    """Folders `new` and `old` with a pair on each of two protocols, and one without."""
    for folder in ("new", "old"):
        for suffix in (".json", ".npz"):
            file = tmp_path / names[0].replace(".json", suffix)
            (tmp_path / folder).mkdir(exist_ok=True)
            (tmp_path / folder / file.name).write_bytes(file.read_bytes())
            (other,) = (tmp_path / "other").glob(f"*{suffix}")
            (tmp_path / folder / other.name).write_bytes(other.read_bytes())
    for suffix in (".json", ".npz"):
        file = tmp_path / names[1].replace(".json", suffix)
        (tmp_path / "old" / file.name).write_bytes(file.read_bytes())
    return fewbench


def test_two_folders_are_compared_pair_by_pair(folders, names) -> None:
    gate = ("compare", "new", "old", "--margin", "0.5%")
    done = folders(*gate)
    assert f"1:  new/{names[0]}  old/{names[0]}" in done.stdout
    verdicts = [line.split()[-3:] for line in done.stdout.splitlines()[1:3]]
    assert verdicts == [["equal", "–", "pass"]] * 2
    assert done.stderr == f"old/{names[1]}: has no partner, so it is not compared\n"
    document = json.loads(folders(*gate, "--json").stdout)
    assert [one["gate"]["outcome"] for one in document["groups"]] == ["pass", "pass"]
    assert document["without_partner"] == [f"old/{names[1]}"]
    folders(*gate, "--strict", code=1)


def test_a_pair_that_fails_ends_with_1(folders, names, results, tmp_path) -> None:
    worse = replace(
        results[0], predictions=results[1].predictions, correct=results[1].correct
    )
    save_result(worse, tmp_path / "new", overwrite=True)
    gate = ("compare", "new", "old", "--margin", "0.5%")
    text = folders(*gate, code=1).stdout
    assert [line.split()[-1] for line in text.splitlines()[1:3]] == ["fail", "pass"]


def test_results_on_several_protocols_are_compared_by_protocol(folders, names) -> None:
    done = folders("compare", f"old/{names[0]}", f"old/{names[1]}", "other")
    assert "1 - 2" in done.stdout
    assert f"old/{names[1]}" in done.stdout
    assert "has no partner, so it is not compared" in done.stderr
