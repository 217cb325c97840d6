from dataclasses import replace

from fewbench.benchmark.published_numbers import published_numbers
from fewbench.reports.published import pairs_beside
from fewbench.reports.tables.beside_published import beside_grid, beside_grids


def pair(make_result, **changes):
    result = make_result(0.98, name="omniglot-5w1s", dataset="omniglot", rotations=True)
    (published,) = [
        one for one in published_numbers() if one.id == "protonet-snell17-omni-5w1s"
    ]
    (pair,) = pairs_beside([result], [replace(published, **changes)])
    return pair


def test_a_row_says_ours_theirs_and_where_theirs_stands(make_result):
    one = pair(make_result)

    (row,) = beside_grid([one], 0.01).rows

    ours, accuracy, published, difference, verdict, source, differs_in = row
    assert ours.value == "protonet seed 0 on omniglot-5w1s"
    assert accuracy.result is one.result
    assert published.value.startswith(f"{one.published.accuracy:.2f}")
    assert float(difference.value) == round(100 * one.difference, 2)
    assert verdict.value == one.verdict
    assert source.url == one.published.url
    assert one.differs_in == ()
    assert differs_in.value == "nothing stated"


def test_an_issue_is_named_by_its_address(make_result):
    url = "https://github.com/someone/something/issues/1"
    one = pair(make_result, source="GitHub issue 1", url=url)

    (row,) = beside_grid([one], 0.01).rows

    assert row[5].value.endswith(": github.com/someone/something/issues/1")


def test_the_margin_stands_in_the_footnote_and_a_missing_spread_is_left_out(
    make_result,
):
    one = pair(make_result, half_width=None, half_width_is=None)

    grid = beside_grid([one], 0.02)

    assert "less than 2 points apart" in grid.notes[0]
    assert grid.rows[0][2].value == f"{one.published.accuracy:.2f}"


def test_reference_numbers_come_first_and_others_are_folded(make_result):
    reference = pair(make_result)
    others = [pair(make_result, reference=False, id=f"other-{k}") for k in range(3)]

    main, folded = beside_grids([reference, *others], 0.01, most_rows=2)

    assert (len(main.rows), main.folded) == (1, False)
    assert main.notes[-1].startswith("3 more comparisons")
    assert (len(folded.rows), folded.folded) == (2, True)
    (alone,) = beside_grids(others, 0.01, most_rows=100)
    assert (len(alone.rows), alone.folded) == (3, False)
    assert beside_grids([], 0.01, most_rows=100) == []
