import pandas as pd

from fewbench.reports.groups import result_groups
from fewbench.reports.stats.diagnostics import confused_pairs, hardest_episodes
from fewbench.reports.tables.hardest import SHOWN, lost_frames, lost_grids


def test_the_frames_hold_what_the_diagnostics_find_in_each_result(make_result):
    results = [make_result(0.8, 1), make_result(0.5, 2, learner="centroid")]

    frames = lost_frames(results)

    assert list(frames) == ["classes", "confusions", "hardest_episodes"]
    expected = [hardest_episodes(result, 100)["episode"] for result in results]
    assert (
        frames["hardest_episodes"]["episode"].tolist() == pd.concat(expected).tolist()
    )
    assert frames["hardest_episodes"]["classes"].str.count("; ").eq(4).all()
    assert set(frames["confusions"]["learner"]) == {"protonet", "centroid"}
    assert lost_frames([]) == {}


def test_the_tables_show_the_worst_of_the_most_accurate_result(make_result):
    result = make_result(0.8, 1)
    (group,) = result_groups([result])

    confusions, episodes = lost_grids(group)

    pairs = confused_pairs(result, SHOWN)
    assert [row[0].value for row in confusions.rows] == pairs["true"].tolist()
    assert len(episodes.rows) == SHOWN
    assert all(cells[1].result is result for cells in episodes.rows)


def test_long_episodes_are_cut_off_after_eight_classes(make_result):
    (group,) = result_groups([make_result(0.8, 1, n_way=20)])

    _, episodes = lost_grids(group)

    assert all(row[2].value.endswith(", …") for row in episodes.rows)
    assert {row[2].value.count(",") for row in episodes.rows} == {8}


def test_a_result_without_errors_has_no_table(make_result):
    (group,) = result_groups([make_result(1.0)])

    assert lost_grids(group) == []
