import pytest

from fewbench.benchmark.compare_results import PublishedMean, compare_results
from fewbench.reports.records import ResultError
from fewbench.reports.stats.non_inferiority import Limits, no_worse
from fewbench_tests.made_results import build_result

RESULTS = [build_result(0.9, seed, learner=f"l{seed}") for seed in range(3)]


def test_every_pair_is_compared_once_in_order() -> None:
    compared = compare_results(RESULTS, 0.95)
    assert [pair[:2] for pair in compared.pairs] == [(0, 1), (0, 2), (1, 2)]
    for first, second, comparison in compared.pairs:
        assert comparison.a is RESULTS[first]
        assert comparison.b is RESULTS[second]
        assert comparison.bootstrap is None
    assert compared.tests == []


def test_a_single_pair_is_bootstrapped() -> None:
    (pair,) = compare_results(RESULTS[:2], 0.9).pairs
    assert pair.comparison.bootstrap is not None
    assert pair.comparison.interval is not None
    assert pair.comparison.interval.level == 0.9


def test_each_result_is_tested_against_the_published_number() -> None:
    compared = compare_results(RESULTS[:1], 0.95, PublishedMean(0.9, 0.05))
    assert compared.pairs == []
    assert [test.verdict for test in compared.tests] == ["reproduced"]
    vague = PublishedMean(0.9, 0.05, half_width=0.2)
    (test,) = compare_results(RESULTS[:1], 0.95, vague).tests
    assert test.verdict == "undecided"


def test_other_episodes_are_refused() -> None:
    other = build_result(0.9, 4, n_shot=5)
    with pytest.raises(ResultError, match="n_shot"):
        compare_results([RESULTS[0], other], 0.95)


def test_the_first_of_two_results_is_gated() -> None:
    limits = Limits(margin=0.5)
    compared = compare_results(RESULTS[:2], 0.95, limits=limits)
    assert compared.gate == no_worse(RESULTS[0], RESULTS[1], limits)
    assert compared.passes(strict=True)
    assert compare_results(RESULTS[:2], 0.95).gate is None
    with pytest.raises(ResultError, match="expected two results"):
        compare_results(RESULTS, 0.95, limits=limits)


def test_what_is_undecided_passes_unless_strict() -> None:
    vague = PublishedMean(0.9, 0.05, half_width=0.2)
    undecided = compare_results(RESULTS[:1], 0.95, vague)
    assert undecided.passes()
    assert not undecided.passes(strict=True)
    assert not compare_results(RESULTS[:1], 0.95, PublishedMean(0.5, 0.01)).passes()
