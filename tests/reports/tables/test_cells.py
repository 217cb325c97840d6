import re

from fewbench.reports.tables.cells import Cell


def test_a_cell_is_printed_in_percent_with_its_marks(make_result):
    result = make_result(transductive=True, partial=True)

    cell = Cell.of(result, "tied")

    assert re.fullmatch(r"\d\d\.\d\d ± \d\.\d\d", cell.value)
    assert str(cell) == f"{cell.value} ≈†‡"
    assert cell.printed.result is result
    assert not cell.printed.strong
    assert str(Cell.of(result, "best")) == f"{cell.value} *†‡"


def test_a_cell_without_an_interval_shows_its_mean_alone(make_result):
    result = make_result(n_episodes=1)

    cell = Cell.of(result)

    assert cell.interval is None
    assert cell.mean == result.mean
    assert str(cell) == f"{100 * result.mean:.2f}"


def test_values_that_are_all_alike_are_marked(make_result):
    assert Cell.of(make_result(1.0, n_episodes=3)).marks == "°"
