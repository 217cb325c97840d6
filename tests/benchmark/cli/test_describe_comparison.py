from fewbench.benchmark.cli.describe_comparison import (
    comparison_document,
    comparison_text,
    p_value,
)
from fewbench.benchmark.compare_results import PublishedMean, compare_results
from fewbench_tests.made_results import build_result


def test_a_single_pair_has_a_bootstrap_and_several_have_adjusted_p_values() -> None:
    three = [build_result(0.9, seed, learner=f"l{seed}") for seed in range(3)]
    two = comparison_text(compare_results(three[:2], 0.95))
    assert "bootstrap" in two
    assert "p (Holm)" not in two
    all_pairs = comparison_text(compare_results(three, 0.95))
    assert "bootstrap" not in all_pairs
    assert "p (Holm)" in all_pairs
    assert "2 - 3" in all_pairs


def test_the_same_answers_are_compared_by_betting() -> None:
    result = build_result(0.9, 1)
    text = comparison_text(compare_results([result, result], 0.9))
    assert "little-spread" in text
    assert "allow for" in text
    assert "90 % limits" in text


def test_a_published_number_is_documented() -> None:
    compared = compare_results([build_result(0.9, 1)], 0.95, PublishedMean(0.9, 0.05))
    document = comparison_document(compared)
    assert document["comparisons"] == []
    assert document["equivalence"][0]["result"] == 0
    assert "1: reproduced within 5 points" in comparison_text(compared)


def test_tiny_p_values_are_not_printed_as_zero() -> None:
    assert p_value(0.00001) == "< 0.0001"
    assert p_value(0.04321) == "0.0432"
