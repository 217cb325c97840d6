"""What a report works out once: which results it plots, compares and lists."""

from fewbench.reports.report_data import (
    COMPARED,
    DETAILED_GROUPS,
    FEW_DETAILED,
    FEW_GROUPS,
    MANY,
    gather,
)


def protocols(make_result, n_protocols: int, n_results: int) -> list:
    """So many results under each of so many protocols."""
    results = []
    for k in range(n_protocols):
        name = f"glyphs-5w1s-{k}"
        for i in range(n_results):
            accuracy = 0.3 + 0.05 * i
            results.append(make_result(accuracy, i, name=name, learner=f"learner-{i}"))
    return results


def test_a_few_results_are_all_plotted(make_result) -> None:
    data = gather(protocols(make_result, 2, 3))

    assert [len(group.results) for group in data.plotted] == [3, 3]
    assert len(data.detailed) == 2
    assert [len(pairs) for _, pairs in data.compared] == [3, 3]
    assert [group.label for group in data.all_groups] == [
        "glyphs-5w1s-0",
        "glyphs-5w1s-1",
    ]


def test_only_some_groups_have_plots_of_their_own(make_result) -> None:
    data = gather(protocols(make_result, DETAILED_GROUPS + 2, 1))

    assert len(data.detailed) == DETAILED_GROUPS
    assert len(data.plotted) == DETAILED_GROUPS + 2


def test_of_many_results_less_is_plotted(make_result) -> None:
    n_results = MANY // 10 + 1
    data = gather(protocols(make_result, 10, n_results))

    assert len(data.results) == 10 * n_results
    assert len(data.plotted) == FEW_GROUPS
    assert len(data.detailed) == FEW_DETAILED
    assert all(group.left_out for group in data.plotted)
    n_pairs = COMPARED * (COMPARED - 1) // 2
    limit = len(data.plotted[0].results)
    assert len(data.compared[0][1]) == min(n_pairs, limit * (limit - 1) // 2)


def test_empty_tables_are_left_out(make_result) -> None:
    assert "Training seeds" not in gather([make_result()]).grids
    two_seeds = [make_result(0.5, 1), make_result(0.6, 2, train_seed=1)]
    assert "Training seeds" in gather(two_seeds).grids
