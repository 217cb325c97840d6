from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from fewbench.baselines.learner import BaselineError
from fewbench.baselines.own_encoder import EncoderLearner
from fewbench_tests.random_episodes import random_episode

IMAGES = random_episode()[2]
N = len(IMAGES)


class Encoder(nn.Module):
    """Changes the features of a flattened image."""

    def __init__(self, change: Callable[[torch.Tensor], object]) -> None:
        super().__init__()
        self.change = change

    def forward(self, images: torch.Tensor) -> object:
        return self.change(images.flatten(1))


def learner_of(change: Callable[[torch.Tensor], object], **options) -> EncoderLearner:
    return EncoderLearner(Encoder(change), "mine", **options)


PIXELS = torch.from_numpy(IMAGES).reshape(N, -1) / 255


@pytest.mark.parametrize(
    "change",
    [
        lambda rows: rows,
        lambda rows: rows.numpy(),
        lambda rows: rows.reshape(len(rows), 4, 14, 14),
        lambda rows: rows.double(),
    ],
)
def test_features_are_accepted_as_a_map_or_an_array(change) -> None:
    features = learner_of(change).embed(IMAGES)
    torch.testing.assert_close(features, PIXELS, check_dtype=False)


def test_integers_and_truth_values_count_as_numbers() -> None:
    numbers = learner_of(lambda rows: (100 * rows).long()).embed(IMAGES)
    torch.testing.assert_close(numbers, (100 * PIXELS).long().double())
    bools = learner_of(lambda rows: rows > 0.5).embed(IMAGES)
    torch.testing.assert_close(bools, (PIXELS > 0.5).float())


@pytest.mark.parametrize(
    ("change", "got"),
    [
        (lambda _: None, "None for 1 image"),
        (lambda rows: rows.mean(1), r"float32 \(1,\)"),
        (lambda rows: rows.mean(), r"float32 \(\)"),
        # Only a batch of one image shows this.
        (lambda rows: rows[:, :8].squeeze(), r"float32 \(8,\) for 1 image"),
        (lambda rows: rows.T, r"float32 \(784, 1\)"),
        (lambda rows: rows[:, :0], r"float32 \(1, 0\)"),
        (lambda rows: rows[: len(rows) // 2 or 1], "float32 .* for 2 images"),
        (lambda rows: rows[:9], rf"float32 \(9, 784\) for {N} images"),
        (lambda rows: {"a": rows}, "a dict with the members 'a': float32"),
    ],
)
def test_what_is_no_row_for_each_image_is_refused(change, got: str) -> None:
    assert N > 9
    with pytest.raises(BaselineError, match=f"a row of features.*got {got}"):
        learner_of(change).embed(IMAGES)


@pytest.mark.parametrize("features", ["a", 1, "1", lambda output: output["a"]])
def test_a_member_can_be_chosen(features) -> None:
    learner = learner_of(lambda rows: {"b": 1, "a": rows}, features=features)
    torch.testing.assert_close(learner.embed(IMAGES), PIXELS)
    assert learner.card.backbone.startswith("Encoder[")


def test_batches_with_other_shapes_of_the_same_size_are_refused() -> None:
    shape = [4, 196]
    learner = learner_of(lambda rows: rows.reshape(len(rows), *shape))
    learner.embed(IMAGES)
    shape.reverse()
    with pytest.raises(BaselineError, match=r"\(n, 4, 196\), as in the first batch"):
        learner.embed(IMAGES)


def test_a_reused_buffer_does_not_change_earlier_features() -> None:
    buffer = torch.empty(N, 784)

    def change(rows: torch.Tensor) -> torch.Tensor:
        buffer[: len(rows)] = rows
        return buffer[: len(rows)]

    learner = learner_of(change)
    first = learner.embed(IMAGES)
    learner.embed(255 - IMAGES)
    torch.testing.assert_close(first, PIXELS)


def test_the_precision_inside_is_recorded() -> None:
    learner = learner_of(lambda rows: rows.half().mul(2).float())
    assert learner.card.precision == "fp32"
    learner.embed(IMAGES)
    assert learner.card.precision == "fp16"


def test_weights_on_the_meta_device_are_refused_by_name() -> None:
    with pytest.raises(
        BaselineError, match=r"got 'weight' on the meta device.*to_empty"
    ):
        EncoderLearner(nn.Linear(3, 3, device="meta"), "mine")


@pytest.mark.parametrize(
    "layer",
    [
        nn.InstanceNorm2d(1),
        nn.InstanceNorm2d(1, track_running_stats=True),
        nn.GroupNorm(1, 1),
        nn.LayerNorm([28, 28]),
        nn.LocalResponseNorm(1),
        nn.BatchNorm2d(1),
        nn.LazyBatchNorm2d(),
    ],
)
def test_norms_of_single_images_are_accepted(layer: nn.Module) -> None:
    learner = EncoderLearner(nn.Sequential(layer, nn.Flatten()), "mine")
    together = learner.embed(IMAGES)
    alone = torch.cat([learner.embed(image[None]) for image in IMAGES])
    torch.testing.assert_close(alone, together)


@pytest.mark.parametrize("kind", [nn.BatchNorm2d, nn.SyncBatchNorm])
def test_norms_of_the_batch_are_refused(kind: type[nn.Module]) -> None:
    layer = kind(1, track_running_stats=False)
    with pytest.raises(BaselineError, match="the layer '0' uses the statistics of its"):
        EncoderLearner(nn.Sequential(layer, nn.Flatten()), "mine")


def test_a_batch_of_one_image_is_tried_first() -> None:
    sizes: list[int] = []

    def change(rows: torch.Tensor) -> torch.Tensor:
        sizes.append(len(rows))
        return rows

    learner_of(change).embed(IMAGES)
    assert 1 in sizes
    assert sizes[-1] == N
    assert np.isin(sizes[:-1], [1, 2]).all()
