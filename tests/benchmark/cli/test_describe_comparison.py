from dataclasses import replace

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


def test_the_same_answers_have_no_interval() -> None:
    result = build_result(0.9, 1)
    compared = compare_results([result, result], 0.9)
    text = comparison_text(compared)
    assert "1 - 2: 0 of 3,000 predictions differ\n" in text
    assert "±  little-spread" not in text
    assert "by betting" not in text
    (pair,) = comparison_document(compared)["comparisons"]
    assert (pair["equal"], pair["churn"]["n_changed"]) == (True, 0)
    assert (pair["interval"], pair["bootstrap"]) == (None, None)
    assert (pair["p_value"], pair["p_adjusted"]) == (None, None)
    several = comparison_text(compare_results([result, result, result], 0.9))
    assert several.count("0 of 3,000 predictions differ") == 3


def test_other_answers_are_counted_by_what_became_of_them() -> None:
    results = [build_result(0.9, 1), build_result(0.7, 2)]
    compared = compare_results(results, 0.9)
    (pair,) = comparison_document(compared)["comparisons"]
    a, b = (result.hits for result in results)
    assert pair["churn"]["right_to_wrong"] == (a & ~b).sum()
    assert pair["churn"]["wrong_to_right"] == (b & ~a).sum()
    text = comparison_text(compared)
    assert f"{(a & ~b).sum()} right only in 1, {(b & ~a).sum()} right only in 2" in text


def test_a_difference_in_one_episode_is_of_little_spread() -> None:
    result = build_result(1.0)
    predictions = result.predictions.copy()
    predictions[3, 0] = 1
    correct = result.correct.copy()
    correct[3] -= 1
    other = replace(result, predictions=predictions, correct=correct)
    text = comparison_text(compare_results([result, other], 0.9))
    assert "little-spread" in text
    assert "allow for" in text
    assert "90 % limits" in text
    assert "1 of 3,000 predictions differ (0.03 %): 1 right only in 1" in text


def test_a_result_of_little_spread_is_marked_and_explained() -> None:
    perfect, plain = build_result(1.0), build_result(0.9, 1)
    text = comparison_text(compare_results([perfect, plain], 0.95))
    assert " %°  little-spread, 95 %" in text
    assert text.count("\n° little spread: ") == 1
    single = compare_results([plain], 0.95, PublishedMean(0.9, 0.05))
    assert "°" not in comparison_text(single)


def test_a_published_number_is_documented() -> None:
    compared = compare_results([build_result(0.9, 1)], 0.95, PublishedMean(0.9, 0.05))
    document = comparison_document(compared)
    assert document["comparisons"] == []
    assert document["equivalence"][0]["result"] == 0
    assert "1: reproduced within 5 points" in comparison_text(compared)


def test_tiny_p_values_are_not_printed_as_zero() -> None:
    assert p_value(0.00001) == "< 0.0001"
    assert p_value(0.04321) == "0.0432"
