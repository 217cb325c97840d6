from fewbench.reports.stats.comparisons import compare_all
from fewbench.reports.tables.differences import comparisons_grid
from fewbench.reports.tables.frames import comparisons_frame
from fewbench.reports.tables.text import text_grid


def test_paired_differences_are_tabulated(make_result):
    pairs = compare_all([make_result(0.9, 1), make_result(0.5, 2, learner="centroid")])

    text = text_grid(comparisons_grid("glyphs-5w1s", pairs))

    assert f"{100 * pairs[0].difference:+.2f} ± " in text
    assert "< 0.001" in text
    frame = comparisons_frame(pairs)
    assert frame["difference"].tolist() == [pairs[0].difference]
    assert frame["kind"].tolist() == ["paired-t"]


def test_equal_results_are_called_equal(make_result):
    same = [make_result(0.9, 1, learner=name) for name in ("one", "two")]
    pairs = compare_all([*same, make_result(0.5, 2)])
    text = text_grid(comparisons_grid("glyphs-5w1s", pairs))
    row = next(line for line in text.splitlines() if line.startswith("one  "))
    assert row.split() == ["one", "two", "equal", "–", "–", "0.00", "–"]
    assert "equal: all predictions" in text
    frame = comparisons_frame(pairs)
    assert frame["kind"].tolist() == ["equal", "paired-t", "paired-t"]
    assert frame["changed"].tolist()[0] == 0
    assert frame["p_value"].isna().tolist() == [True, False, False]
