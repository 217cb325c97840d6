"""plan as a user meets it, wrong input too."""

import json

import pytest

from fewbench.reports.stats.planning import plan
from fewbench.reports.stats.precision_target import PrecisionTarget


def test_plan_says_what_a_half_width_takes(fewbench, names, results) -> None:
    text = fewbench("plan", names[0]).stdout
    rows = plan(results[0], PrecisionTarget(half_width=0.001))

    assert "for ± 0.1 points" in text
    for row in rows:
        assert f"{row.n_episodes:,}" in text
    assert text.count("cheapest") == 1
    document = json.loads(
        fewbench("plan", names[0], "--half-width", "0.002", "--json").stdout
    )
    expected = [
        row.n_episodes for row in plan(results[0], PrecisionTarget(half_width=0.002))
    ]
    assert [row["n_episodes"] for row in document["plans"][0]["rows"]] == expected


def test_plan_says_what_a_difference_takes(fewbench, names, results) -> None:
    arguments = ("plan", names[0], "--difference", "0.5%", "--power", "90%")
    goal = PrecisionTarget(difference=0.005, power=0.9)
    alone = json.loads(fewbench(*arguments, "--json").stdout)["plans"]
    paired = json.loads(fewbench(*arguments, "--against", names[1], "--json").stdout)[
        "plans"
    ]

    assert [row["n_episodes"] for row in alone[0]["rows"]] == [
        r.n_episodes for r in plan(results[0], goal)
    ]
    assert [row["n_episodes"] for row in paired[0]["rows"]] == [
        row.n_episodes for row in plan(results[0], goal, results[1])
    ]
    assert (alone[0]["paired"], paired[0]["paired"]) == (False, True)
    assert "taken as uncorrelated" in fewbench(*arguments).stdout
    assert "This learner is transductive" in fewbench("plan", names[2]).stdout


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--half-width", "0.1"], "Type 0.1% for 0.1 points, or 10%"),
        (["--half-width", "0%"], "above 0 and below 100 %"),
        (["--half-width", "0,1%"], "got '0,1%'"),
        (["--difference", "-1%"], "got '-1%'"),
        (["--difference", "1%", "--power", "10%"], "at least 50%, got 10%"),
        (["--against", "B"], "needs the difference to detect"),
        (
            ["--difference", "1%", "--against", "other"],
            "not scored on the same episodes",
        ),
    ],
)
def test_plan_answers_a_mistake_with_a_sentence(
    fewbench, names, arguments, complaint
) -> None:
    words = [names[1] if word == "B" else word for word in arguments]
    error = fewbench("plan", names[0], *words, code=2).stderr
    assert complaint in error
    assert error.count("\n") == 1


def test_plan_wants_one_result(fewbench) -> None:
    assert "got 3 results" in fewbench("plan", ".", code=2).stderr
