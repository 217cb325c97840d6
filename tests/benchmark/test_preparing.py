from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from fewbench.baselines.any_model import as_learner
from fewbench.baselines.learner import BaselineError
from fewbench.baselines.metric.centroid import Centroid
from fewbench.baselines.preparation import Preparation
from fewbench.benchmark.cli.describe import result_label
from fewbench.benchmark.episodes import find_episodes
from fewbench.benchmark.evaluate import evaluate
from fewbench.benchmark.evaluate_into import ResultFolder, evaluate_into
from fewbench.benchmark.labels import Labels
from fewbench.benchmark.preparing import prepared_stream, with_batch_size
from fewbench.benchmark.protocols.catalogue import find_protocol
from fewbench.datasets.info import DataError
from fewbench.reports.origin import ImagePreparation
from fewbench.reports.records import ResultError
from fewbench.reports.stats.training_seeds import train_seeds
from fewbench.reports.tables.run_names import shortest_names

BRIEF = find_protocol("glyphs-5w1s", n_episodes=20)


class Seen(nn.Module):
    """An encoder that keeps the shapes of its batches."""

    def __init__(self) -> None:
        super().__init__()
        self.shapes: list[tuple[int, ...]] = []

    def __deepcopy__(self, memo: object) -> "Seen":
        return self

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        self.shapes.append(tuple(images.shape))
        return images.flatten(1)


def test_the_encoder_gets_prepared_images_and_the_result_says_so() -> None:
    seen = Seen()
    preparation = Preparation(size=14, mean=(0.5, 0.5, 0.5))
    result = evaluate(seen, BRIEF, preparation=preparation, batch_size=30)
    assert {shape[1:] for shape in seen.shapes} == {(3, 14, 14)}
    # A few images are tried first, and some are embedded again at the end.
    assert [shape[0] for shape in seen.shapes].count(30) > 10
    assert result.preparation == ImagePreparation(
        size=14, mean=(0.5, 0.5, 0.5), batch_size=30
    )
    assert result.pixels is not None
    assert (result.pixels.height, result.pixels.channels) == (14, 3)
    assert result.pixels.resampling.endswith("then bilinear to 14 px")


def test_nothing_chosen_is_recorded_as_none() -> None:
    assert evaluate(nn.Flatten(), BRIEF).preparation is None
    only_size = evaluate(nn.Flatten(), BRIEF, batch_size=64).preparation
    assert only_size == ImagePreparation(batch_size=64)


def test_normalised_pixels_keep_the_nearest_class() -> None:
    # Euclidean distances do not change with the mean, and all grow alike with 1 / std.
    # Only rounding can decide otherwise, where two classes are equally near.
    plain = evaluate(nn.Flatten(), BRIEF)
    shifted = Preparation(mean=(0.25,), std=(0.5,))
    normalised = evaluate(nn.Flatten(), BRIEF, preparation=shifted)
    assert (normalised.predictions != plain.predictions).sum() <= 3


def guess(support_images, support_labels, query_images):
    del support_images, support_labels
    return np.zeros((len(query_images), 5))


def test_functions_and_centroid_get_prepared_images_too() -> None:
    shapes = []

    def seen(support, labels, query):
        shapes.append((query.shape[1:], query.dtype))
        return guess(support, labels, query)

    evaluate(seen, BRIEF, preparation=Preparation(size=7, std=(0.5,)))
    assert set(shapes) == {((7, 7, 1), np.dtype(np.float32))}
    small = evaluate(Centroid(), BRIEF, preparation=Preparation(size=7))
    assert small.mean > 0.3


def test_streams_share_images_only_when_they_are_prepared_alike() -> None:
    stream = find_episodes(BRIEF)
    assert prepared_stream(stream, None) is stream
    assert prepared_stream(stream, Preparation()) is stream
    other = prepared_stream(stream, Preparation(size=7))
    assert other.view.key != stream.view.key
    assert other.fingerprint == stream.fingerprint


def test_a_batch_size_is_for_encoders() -> None:
    learner = as_learner(nn.Flatten())
    changed = with_batch_size(learner, 7)
    assert getattr(changed, "images_per_batch", None) == 7
    assert getattr(learner, "images_per_batch", None) is None
    assert with_batch_size(learner, None) is learner
    with pytest.raises(BaselineError, match="at least 1 image, got 0"):
        with_batch_size(learner, 0)
    with pytest.raises(BaselineError, match="at least 1 image, got 1.5"):
        evaluate(nn.Flatten(), BRIEF, batch_size=1.5)  # pyright: ignore[reportArgumentType]
    with pytest.raises(BaselineError, match="expected a fewbench.Preparation, got 3"):
        evaluate(nn.Flatten(), BRIEF, preparation=3)  # pyright: ignore[reportArgumentType]
    with pytest.raises(BaselineError, match="has no effect on guess"):
        with_batch_size(as_learner(guess), 7)


def test_prepared_images_are_told_apart_wherever_results_are_shown() -> None:
    plain = evaluate(Centroid(), BRIEF)
    small = evaluate(Centroid(), BRIEF, preparation=Preparation(7, std=(0.5,)))
    assert (plain.image_changes, small.image_changes) == (
        "",
        "resized to 7 px, std 0.5",
    )
    assert "resized to 7 px" in result_label(small)
    names = shortest_names([plain, small])
    assert names[small] == f"{names[plain]} resized to 7 px, std 0.5"
    second = evaluate(
        Centroid(), BRIEF, labels=Labels(train_seed=1), preparation=Preparation(7)
    )
    with pytest.raises(ResultError, match="image_changes"):
        train_seeds([plain, second])


def test_a_result_of_other_images_is_not_kept_in_place_of_this_one(
    tmp_path: Path,
) -> None:
    stream = find_episodes(BRIEF)
    small = prepared_stream(stream, Preparation(size=7))
    folder = ResultFolder(tmp_path, skip_existing=True)
    assert len(evaluate_into(folder, Centroid(), [small])) == 1
    assert evaluate_into(folder, Centroid(), [small]) == []
    with pytest.raises(DataError, match="another --name"):
        evaluate_into(folder, Centroid(), [stream])
