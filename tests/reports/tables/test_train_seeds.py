import numpy as np
import pytest

from fewbench.reports.tables.frames import seeds_frame
from fewbench.reports.tables.train_seeds import seed_tables


def test_training_seeds_have_a_table_of_their_own(make_result):
    results = [
        make_result(p, 1, train_seed=seed) for seed, p in enumerate((0.8, 0.85, 0.9))
    ]
    results.append(make_result(0.9, 2, learner="alone"))

    (table,) = seed_tables(results)
    (row,) = table.rows

    means = [result.mean for result in results[:3]]
    assert row.label.texts[:4] == ["protonet", "conv4-64", "fp32", "0, 1, 2"]
    # t(0.975, 2) = 4.302653
    half = 4.302653 * np.std(means, ddof=1) / np.sqrt(3)
    (cell,) = row.cells
    assert cell is not None
    assert cell.mean == pytest.approx(np.mean(means))
    assert cell.interval is not None
    assert cell.interval.half_width == pytest.approx(half, rel=1e-6)
    assert "train-seeds" in table.notes[0]
    assert seeds_frame([table])["train_seeds"].tolist() == ["0 1 2"]


def test_repeats_that_the_seed_table_leaves_out_are_counted(make_result):
    results = [
        make_result(0.8, k, train_seed=seed) for k, seed in enumerate((0, 1, 1, 1))
    ]

    (table,) = seed_tables(results)

    assert [len(cell.results) for cell in table.cells] == [2]
    assert any("the first counts; left out: 2" in note for note in table.notes)
    assert not any("left out" in note for note in seed_tables(results[:2])[0].notes)


def test_recipes_that_differ_are_not_pooled(make_result):
    def result(seed, lr):
        recipe = {"lr": lr, "seed": seed}
        return make_result(0.8, seed, train_seed=seed, recipe=recipe)

    (table,) = seed_tables(
        [result(0, 0.1), result(1, 0.1), result(2, 0.2), result(3, 0.2)]
    )

    assert [row.label.seeds for row in table.rows] == [(0, 1), (2, 3)]
    assert seed_tables([result(0, 0.1), result(1, 0.2)]) == []


def test_a_recipe_that_cannot_be_pooled_is_named_below_the_table(make_result):
    """Of the second learner, one run is on incomplete data."""
    whole = [make_result(0.8, k, train_seed=k) for k in range(2)]
    mixed = [
        make_result(0.8, k, learner="maml", train_seed=k, partial=k == 1)
        for k in range(2)
    ]

    (table,) = seed_tables([*whole, *mixed])

    assert [row.label.learner for row in table.rows] == ["protonet"]
    assert any("glyphs-5w1s: no row for maml: " in note for note in table.notes)
