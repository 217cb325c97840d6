from dataclasses import asdict

from fewbench.reports.groups import result_groups
from fewbench.reports.stats.class_bootstrap import class_bootstrap
from fewbench.reports.tables.other_classes import (
    for_other_classes,
    other_classes_frame,
    other_classes_grid,
    other_classes_interval,
)


def test_the_limits_are_those_of_the_class_bootstrap(make_result):
    result = make_result(0.8, 1)
    found = for_other_classes(result_groups([result]))
    expected = class_bootstrap(result)

    (row,) = other_classes_frame(found).to_dict("records")
    assert {name: row[name] for name in asdict(expected)} == asdict(expected)
    assert row["learner"] == "protonet"

    grid = other_classes_grid(found, {result: "mine"})
    ((name, these, others, n),) = grid.rows
    assert name.value == "mine on glyphs-5w1s"
    assert these.result is result
    assert others.value == f"{100 * expected.low:.2f} to {100 * expected.high:.2f}"
    assert n.value == "12"


def test_rough_limits_are_named_below_the_table(make_result):
    result = make_result(0.8, 2, n_episodes=60)
    found = for_other_classes(result_groups([result]))
    grid = other_classes_grid(found, {result: "mine"})

    caution = class_bootstrap(result).caution
    assert caution.startswith("rough limits: ")
    assert grid.notes[1:] == [f"mine on glyphs-5w1s: {caution}"]


def test_results_without_a_class_bootstrap_are_left_out(make_result):
    """Two classes in every episode are too few to draw classes again."""
    result = make_result(n_episodes=1)

    assert other_classes_interval(result) is None
    assert for_other_classes(result_groups([result])) == []


def test_limits_stay_between_0_and_100_percent(make_result):
    result = make_result(0.99, n_episodes=5)
    found = for_other_classes(result_groups([result]))

    for row in other_classes_grid(found, {result: "x"}).rows:
        for cell in row[1:3]:
            low, high = map(float, cell.value.split(" to "))
            assert 0 <= low <= high <= 100
