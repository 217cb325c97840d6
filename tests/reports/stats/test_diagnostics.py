from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fewbench.reports.records import CONFIDENCE_BINS, count_correct
from fewbench.reports.stats.diagnostics import (
    calibration_error,
    class_accuracy,
    confused_pairs,
    confusion,
    hardest_episodes,
)
from fewbench_tests.made_results import with_correct

# Two episodes of two classes with two queries each, by hand: classes cat, dog, owl, yak (unused).
CLASSES = np.array([[2, 0], [0, 1]], np.uint16)
PREDICTIONS = np.array([[0, 1, 1, 1], [1, 1, 1, 0]], np.uint8)
NAMES = np.array(["cat", "dog", "owl", "yak"])


@pytest.fixture(scope="session")
def by_hand(make_result):
    return make_result(
        n_way=2, n_query=2, n_episodes=2, predictions=PREDICTIONS, classes=CLASSES,
        correct=np.array([3, 1], np.int32), class_names=NAMES, class_sizes=np.full(4, 9, np.int32),
    )  # fmt: skip


def test_class_accuracy_counts_queries_of_each_class_that_occurs(by_hand):
    frame = class_accuracy(by_hand)

    # Owl: one of two right. Cat: both right in the first episode, none in the second. Dog: one.
    assert list(frame["class"]) == ["cat", "dog", "owl"]
    assert list(frame["n"]) == [4, 2, 2]
    assert list(frame["correct"]) == [2, 1, 1]
    assert list(frame["accuracy"]) == [0.5, 0.5, 0.5]


def test_the_interval_of_a_class_is_wilsons_for_what_its_queries_are_worth(by_hand):
    frame = class_accuracy(by_hand).set_index("class")

    # The episodes of cat (all, none) are worth no more than one query each: n = 2. Half of the
    # Wilson interval around 1/2: z sqrt(1 / 4n + z^2 / 4n^2) / (1 + z^2 / n).
    z = 1.959963984540054
    half = z * (1 / 8 + z**2 / 16) ** 0.5 / (1 + z**2 / 2)
    assert frame.loc["cat", "low"] == pytest.approx(0.5 - half, rel=1e-9)
    assert frame.loc["cat", "high"] == pytest.approx(0.5 + half, rel=1e-9)


def test_confusion_holds_true_classes_in_rows(by_hand):
    frame = confusion(by_hand)

    assert (frame.index.name, frame.columns.name) == ("true", "predicted")
    assert list(frame.index) == list(frame.columns) == ["cat", "dog", "owl"]
    assert frame.to_numpy().tolist() == [[2, 2, 0], [1, 1, 0], [1, 0, 1]]


def test_confused_pairs_say_how_often_the_two_met(by_hand):
    frame = confused_pairs(by_hand)

    assert frame.to_numpy().tolist() == [
        ["cat", "dog", 2, 2, 1.0],
        ["dog", "cat", 1, 2, 0.5],
        ["owl", "cat", 1, 2, 0.5],
    ]
    assert len(confused_pairs(by_hand, n=1)) == 1


def test_hardest_episodes_come_first_with_their_classes(by_hand):
    frame = hardest_episodes(by_hand, n=1)

    assert frame.to_dict("records") == [
        {"episode": 1, "correct": 1, "accuracy": 0.25, "classes": ("cat", "dog")}
    ]


def test_calibration_error_is_the_mean_gap_over_queries(make_result):
    bins = np.zeros((CONFIDENCE_BINS, 3))
    # 60 queries at 0.9 of which 48 are right: a gap of 0.1. 40 at 0.5, 22 right: a gap of 0.05.
    bins[90], bins[50] = (60, 48, 54), (40, 22, 20)

    result = with_correct(make_result, [7] * 10, calibration=bins)
    assert calibration_error(result) == pytest.approx(0.6 * 0.1 + 0.4 * 0.05)
    assert calibration_error(make_result()) is None


@given(
    way=st.integers(2, 5), query=st.integers(1, 4), episodes=st.integers(1, 12),
    accuracy=st.floats(0.05, 1), seed=st.integers(0, 99),
)  # fmt: skip
def test_tables_agree_with_counting_one_by_one(
    make_result, way, query, episodes, accuracy, seed
):
    card = {"n_way": way, "n_query": query, "n_episodes": episodes}
    result = make_result(accuracy, seed, **card)
    names = result.class_names
    answers = Counter(
        (
            str(names[result.classes[e, j // query]]),
            str(names[result.classes[e, label]]),
        )
        for e in range(episodes)
        for j, label in enumerate(result.predictions[e])
    )

    frame, classes = confusion(result), class_accuracy(result)

    assert {
        (true, predicted): count
        for true, row in frame.iterrows()
        for predicted, count in row.items()
        if count
    } == answers
    assert list(classes["class"]) == list(frame.index)
    assert list(classes["n"]) == list(frame.sum(axis=1))
    assert list(classes["correct"]) == list(np.diag(frame))
    rounding = 1e-12  # a limit at accuracy 1 may come out as 1 - 1e-16
    assert np.all(classes["low"] <= classes["accuracy"] + rounding)
    assert np.all(classes["accuracy"] <= classes["high"] + rounding)
    assert min(classes["low"]) >= 0
    assert max(classes["high"]) <= 1
    assert classes["correct"].sum() == result.correct.sum()
    pairs = confused_pairs(result, n=10**6)
    assert pairs["wrong"].sum() == result.predictions.size - result.correct.sum()
    assert np.all(pairs["wrong"] <= pairs["met"])
    hardest = hardest_episodes(result, n=10**6)
    assert list(hardest["correct"]) == sorted(result.correct)


def test_the_interval_of_a_class_covers_although_queries_of_an_episode_agree(
    make_result,
):
    # In each episode a class is right with its own probability, uniform from 0.4 to 1.
    rng, covered = np.random.default_rng(7), []
    for _ in range(400):
        shares = rng.uniform(0.4, 1, (40, 5, 1))
        hits = rng.random((40, 5, 15)) < shares
        predictions = np.where(
            hits, np.arange(5)[:, None], (np.arange(5)[:, None] + 1) % 5
        )
        predictions = predictions.reshape(40, 75).astype(np.uint8)
        correct = count_correct(predictions, 5)
        classes = np.tile(np.arange(5, dtype=np.uint16), (40, 1))
        frame = class_accuracy(
            make_result(predictions=predictions, correct=correct, classes=classes)
        )
        covered += list((frame["low"] <= 0.7) & (frame["high"] >= 0.7))

    # 2,000 intervals: four standard errors are 2 points; a binomial interval would cover 75 %.
    assert np.mean(covered) == pytest.approx(0.95, abs=0.02)


def test_one_wrong_answer_does_not_make_a_class_certain(make_result):
    # In 200 episodes all classes are perfect, but for one query in k of the episodes.
    classes = np.tile(np.arange(5, dtype=np.uint16), (200, 1))
    widths = []
    for k in range(60):
        labels = np.repeat(np.arange(5, dtype=np.uint8), 15)
        predictions = np.tile(labels, (200, 1))
        predictions[:k, 0] = 1
        correct = count_correct(predictions, 5)
        result = make_result(
            n_episodes=200, predictions=predictions, correct=correct, classes=classes
        )
        first = class_accuracy(result).iloc[0]
        widths.append(first["high"] - first["low"])
    factors = np.divide(widths[1:], widths[:-1])

    # Without the doubt about the spread, the first wrong answer divides the width by 10.
    assert factors.min() > 0.5
    assert factors.max() < 1.1
