"""compare and plan as a user meets them: real processes in an empty folder, wrong input too."""

import json

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from fewbench.benchmark.cli.percent import accuracy, points
from fewbench.reports.result_files import save_result
from fewbench.reports.stats.comparisons import compare, compare_all
from fewbench.reports.stats.planning import Goal, plan
from fewbench_tests.made_results import build_result

A = build_result(0.9, 1, n_episodes=100, learner="protonet")
B = build_result(0.85, 2, n_episodes=100, learner="maml", backbone="conv4-32")
C = build_result(
    0.9, 3, n_episodes=100, learner="centroid", backbone="", transductive=True
)
OTHER = build_result(0.9, 4, n_episodes=100, n_shot=5, name="glyphs-5w5s")
NAMES = [f"{result.file_stem}.json" for result in (A, B, C)]


@pytest.fixture
def fewbench(run, tmp_path):
    """`fewbench ...` in a folder that holds the results."""
    for result in (A, B, C):
        save_result(result, tmp_path)
    save_result(OTHER, tmp_path / "other")
    return run


def test_two_results_are_compared_as_given(fewbench) -> None:
    text = fewbench("compare", NAMES[1], NAMES[0]).stdout
    expected = compare(B, A)

    assert "1  maml conv4-32 fp32 seed 0 on glyphs-5w1s" in text
    assert f"1 - 2  {100 * expected.difference:+.2f}" in text
    assert (
        f"[{100 * expected.interval.low:+.2f}, {100 * expected.interval.high:+.2f}]"
        in text
    )
    assert "< 0.0001" in text
    assert "paired over the same 100 episodes" in text


def test_json_holds_every_pair_and_nothing_is_rounded(fewbench) -> None:
    document = json.loads(
        fewbench("compare", *NAMES, "--level", "90%", "--json").stdout
    )
    expected = compare_all([A, B, C], 0.9)

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
        assert found["interval"]["low"] == one.interval.low
        assert found["p_adjusted"] == one.p_adjusted
        assert found["bootstrap"] is None
    two = json.loads(fewbench("compare", *NAMES[:2], "--json").stdout)["comparisons"]
    assert two[0]["bootstrap"]["kind"] == "paired-bootstrap"
    folder = json.loads(fewbench("compare", ".", "--json").stdout)
    assert len(folder["comparisons"]) == 3


def test_marks_and_kinds_stand_beside_what_is_compared(fewbench) -> None:
    text = fewbench("compare", NAMES[0], NAMES[2]).stdout

    assert "glyphs-5w1s †" in text
    assert "† transductive" in text
    assert "paired-t" in text


def test_a_published_number_is_tested_within_a_margin(fewbench) -> None:
    arguments = ("compare", NAMES[0], "--published", "90%", "--margin", "2%")
    assert (
        "1: reproduced within 2 points: ours minus published"
        in fewbench(*arguments).stdout
    )
    far = fewbench(
        "compare", NAMES[0], "--published", "0.8", "--margin", "1%", "--json"
    ).stdout
    assert json.loads(far)["equivalence"][0]["verdict"] == "not reproduced"
    loose = (*arguments, "--published-half-width", "3%", "--json")
    assert (
        json.loads(fewbench(*loose).stdout)["equivalence"][0]["verdict"] == "undecided"
    )


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([NAMES[0], "other"], "Expected n_shot 1 for both; got 5"),
        ([NAMES[0]], "expected at least 2 results, or one and a number"),
        ([NAMES[0], f"./{NAMES[0]}"], "is given twice"),
        ([NAMES[0], "nothing.json"], "nothing.json: no such result"),
        (
            [*NAMES[:2], "--margin", "0.1", "--published", "90%"],
            "Type 0.1% for 0.1 points, or 10%",
        ),
        ([*NAMES[:2], "--published", "90%"], "needs both"),
        ([NAMES[0], "--published-half-width", "1%"], "needs both"),
        ([*NAMES[:2], "--published", "98.8", "--margin", "1%"], "Type 98.8%"),
        ([*NAMES[:2], "--level", "95"], "Type 95%"),
        ([*NAMES[:2], "--level", "high"], "got 'high'"),
        (
            (
                NAMES[0],
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
    fewbench, arguments, complaint
) -> None:
    error = fewbench("compare", *arguments, code=2).stderr
    assert complaint in " ".join(error.replace("│", " ").split())


def test_plan_says_what_a_half_width_takes(fewbench) -> None:
    text = fewbench("plan", NAMES[0]).stdout
    rows = plan(A, Goal(half_width=0.001))

    assert "for ± 0.1 points" in text
    for row in rows:
        assert f"{row.n_episodes:,}" in text
    assert text.count("cheapest") == 1
    document = json.loads(
        fewbench("plan", NAMES[0], "--half-width", "0.002", "--json").stdout
    )
    expected = [row.n_episodes for row in plan(A, Goal(half_width=0.002))]
    assert [row["n_episodes"] for row in document["plans"][0]["rows"]] == expected


def test_plan_says_what_a_difference_takes(fewbench) -> None:
    arguments = ("plan", NAMES[0], "--difference", "0.5%", "--power", "90%")
    goal = Goal(difference=0.005, power=0.9)
    alone = json.loads(fewbench(*arguments, "--json").stdout)["plans"]
    paired = json.loads(fewbench(*arguments, "--against", NAMES[1], "--json").stdout)[
        "plans"
    ]

    assert [row["n_episodes"] for row in alone[0]["rows"]] == [
        r.n_episodes for r in plan(A, goal)
    ]
    assert [row["n_episodes"] for row in paired[0]["rows"]] == [
        row.n_episodes for row in plan(A, goal, B)
    ]
    assert (alone[0]["paired"], paired[0]["paired"]) == (False, True)
    assert "taken as uncorrelated" in fewbench(*arguments).stdout
    assert "This learner is transductive" in fewbench("plan", NAMES[2]).stdout


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--half-width", "0.1"], "Type 0.1% for 0.1 points, or 10%"),
        (["--half-width", "0%"], "above 0 and below 100 %"),
        (["--half-width", "0,1%"], "got '0,1%'"),
        (["--difference", "-1%"], "got '-1%'"),
        (["--difference", "1%", "--power", "10%"], "at least 50%; got 10%"),
        (["--against", NAMES[1]], "needs the difference to detect"),
        (
            ["--difference", "1%", "--against", "other"],
            "not scored on the same episodes",
        ),
    ],
)
def test_plan_answers_a_mistake_with_a_sentence(fewbench, arguments, complaint) -> None:
    error = fewbench("plan", NAMES[0], *arguments, code=2).stderr
    assert complaint in " ".join(error.replace("│", " ").split())


def test_plan_wants_one_result(fewbench) -> None:
    assert "holds 3 results" in fewbench("plan", ".", code=2).stderr


@given(value=st.decimals("0.0001", "99.9", allow_nan=False, places=4))
def test_percent_points_are_read_as_written(value) -> None:
    for text in (f"{value}%", f" {value} % ", f"+{value}%"):
        assert points(text) == accuracy(text) == float(value) / 100
    assert accuracy(f"{float(value) / 100!r}") == float(value) / 100


@given(text=st.text(max_size=12))
def test_anything_else_is_refused_with_a_sentence(text) -> None:
    try:
        value = points(text)
    except typer.BadParameter as error:
        value, said = None, str(error)
        refused = any(
            word in said for word in ("expected a share", "without a %", "Type ")
        )
    else:
        refused = False
    assert refused or (value and (text.strip().endswith("%") or value < 0.05))
