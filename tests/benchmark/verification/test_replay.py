from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from fewbench.baselines.catalogue import load_learner
from fewbench.baselines.learner import Learner
from fewbench.baselines.metric.centroid import Centroid
from fewbench.baselines.preparation import Preparation
from fewbench.benchmark.evaluate import answer_range, evaluate
from fewbench.benchmark.models import Loading, load_model
from fewbench.benchmark.preparing import with_batch_size
from fewbench.benchmark.protocols.catalogue import find_protocol
from fewbench.benchmark.verification import replay as module
from fewbench.benchmark.verification.replay import (
    Replay,
    _draw_ranges,
    check_replay,
    compare_predictions,
    replay,
)
from fewbench.reports.origin import ImagePreparation
from fewbench.reports.records import RunResult, count_correct
from fewbench_tests.stored import embed_here


@pytest.fixture(scope="module")
def centroid() -> Learner:
    return load_learner("centroid", torch.device("cpu"))


@pytest.fixture(scope="module")
def result(centroid: Learner, glyphs_root: Path) -> RunResult:
    protocol = find_protocol("glyphs-5w1s", n_episodes=300)
    return evaluate(centroid, protocol, root=glyphs_root)


def test_an_honest_result_is_answered_alike(
    result: RunResult, centroid: Learner, glyphs_root: Path
) -> None:
    found = replay(result, centroid, glyphs_root)
    assert found.n_episodes in (256, 300)
    assert found.n_differ == 0
    check = check_replay(result, centroid, glyphs_root)
    assert check.outcome == "passed"
    assert "0 of" in check.detail
    assert "1% may" in check.detail


def test_stored_features_that_change_meanwhile_replay_nothing(
    tmp_path: Path, glyphs_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    embed_here(tmp_path, glyphs_root)
    learner = load_model(f"features:{tmp_path}", Loading(device="cpu"))
    protocol = find_protocol("glyphs-5w1s", split="val", n_episodes=3)
    result = evaluate(learner, protocol, root=glyphs_root)
    assert check_replay(result, learner, glyphs_root).outcome == "passed"

    def answer_and_change(*arguments: Any) -> Any:
        for path in tmp_path.rglob("*.npy"):
            np.save(path, -np.load(path))
        return answer_range(*arguments)

    monkeypatch.setattr(module, "answer_range", answer_and_change)
    check = check_replay(result, learner, glyphs_root)
    assert check.outcome == "not possible"
    assert "cannot trust the stored features" in check.detail


@pytest.mark.parametrize("n_episodes", [1, 256, 257, 300, 400, 600])
def test_enough_episodes_are_drawn_in_whole_ranges(n_episodes: int) -> None:
    for _ in range(20):  # whichever range comes first
        ranges = _draw_ranges(n_episodes, 256)
        assert len(set(ranges)) == len(ranges)
        assert sum(end - start for start, end in ranges) >= min(256, n_episodes)
        for start, end in ranges:
            assert start % 256 == 0
            assert end == min(start + 256, n_episodes)


def test_the_images_are_prepared_as_for_the_result(
    centroid: Learner, glyphs_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    protocol = find_protocol("glyphs-5w1s", n_episodes=20)
    preparation = Preparation(size=7, mean=(0.9,), invert=True)
    learner = with_batch_size(centroid, 50)
    prepared = evaluate(learner, protocol, preparation=preparation, root=glyphs_root)
    shapes: set[tuple[int, ...]] = set()
    lowest: list[float] = []
    embed = Centroid.embed

    def observed(self, images: np.ndarray) -> torch.Tensor:
        shapes.add(images.shape)
        lowest.append(float(images.min()))
        return embed(self, images)

    monkeypatch.setattr(Centroid, "embed", observed)
    check = check_replay(prepared, centroid, glyphs_root)
    assert check.outcome == "passed"
    assert max(shapes) == (50, 7, 7, 1)
    # The centroid answers alike for any mean, so its input shows the mean.
    assert min(lowest) < 0
    # Without its preparation, the same result does not agree.
    unprepared = replace(prepared, preparation=None)
    assert check_replay(unprepared, centroid, glyphs_root).outcome == "failed"


def test_an_unknown_transform_is_no_forgery(
    result: RunResult, centroid: Learner, glyphs_root: Path
) -> None:
    transformed = replace(result, preparation=ImagePreparation(transform="mine:crop"))
    check = check_replay(transformed, centroid, glyphs_root)
    assert check.outcome == "not possible"
    assert "transformed by mine:crop" in check.detail


def test_permuted_predictions_are_found(
    result: RunResult, centroid: Learner, glyphs_root: Path
) -> None:
    """The accuracy is the same: the answers to each class changed places."""
    predictions = np.ascontiguousarray(
        result.predictions.reshape(300, 5, 15)[:, :, ::-1].reshape(300, 75)
    )
    forged = replace(result, predictions=predictions)
    check = check_replay(forged, centroid, glyphs_root)
    assert check.outcome == "failed"
    assert "expected at most 1% that differ" in check.detail


def test_a_few_better_answers_are_found(
    result: RunResult,
    centroid: Learner,
    glyphs_root: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Half a percent of the answers differ, all for the better."""
    monkeypatch.setattr(module, "REPLAYED", 300)
    truth = np.arange(5).repeat(15)
    predictions = result.predictions.copy()
    rows, columns = np.nonzero(predictions != truth)
    predictions[rows[:110], columns[:110]] = truth[columns[:110]]
    correct = count_correct(predictions, 5)
    forged = replace(result, predictions=predictions, correct=correct)
    check = check_replay(forged, centroid, glyphs_root)
    assert check.outcome == "failed"
    assert "both directions" in check.detail


def test_what_cannot_be_replayed_is_said(
    result: RunResult, centroid: Learner, glyphs_root: Path
) -> None:
    random = replace(result, deterministic=False)
    check = check_replay(random, centroid, glyphs_root)
    assert check.outcome == "not possible"
    assert "random" in check.detail
    for sampling in ("listed", "disjoint"):  # no 300 episodes are disjoint
        protocol = replace(result.protocol, sampling=sampling)
        check = check_replay(replace(result, protocol=protocol), centroid, glyphs_root)
        assert check.outcome == "not possible"


def test_differences_are_counted_by_their_direction() -> None:
    stored = np.array([[0, 0, 1, 1], [0, 1, 1, 0]], np.uint8)
    again = np.array([[0, 1, 1, 1], [0, 0, 0, 1]], np.uint8)
    found = compare_predictions(stored, again, 2)
    assert found == Replay(2, 8, n_differ=4, n_lost=2, n_gained=2)
    assert "4 of 8 predictions in 2 episodes differ" in str(found)


@pytest.mark.parametrize(
    ("lost", "gained", "is_one_sided"),
    [(9, 0, False), (0, 50, False), (20, 0, True), (60, 40, False), (90, 40, True)],
)
def test_rounding_goes_both_ways(lost: int, gained: int, is_one_sided: bool) -> None:
    found = Replay(100, 7500, lost + gained, lost, gained)
    assert found.is_one_sided == is_one_sided
