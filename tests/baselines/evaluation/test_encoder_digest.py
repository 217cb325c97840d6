"""The hash of an encoder's weights, and of its features."""

import numpy as np
import pytest
import torch
from torch import nn

from fewbench.baselines.evaluation.encoder_digest import (
    features_digest,
    weights_digest_of,
)
from fewbench.baselines.learner import BaselineError
from fewbench.baselines.metric.centroid import Centroid
from fewbench.baselines.own_encoder import EncoderLearner

IMAGES = np.arange(4 * 36, dtype=np.uint8).reshape(4, 6, 6, 1)


def encoder(seed: int, outputs: int = 3) -> EncoderLearner:
    torch.manual_seed(seed)
    module = nn.Sequential(
        nn.Flatten(), nn.Linear(36, outputs), nn.BatchNorm1d(outputs)
    )
    return EncoderLearner(module, "mine")


def test_other_weights_have_another_hash() -> None:
    assert weights_digest_of(encoder(0)) == weights_digest_of(encoder(0))
    other = encoder(0)
    module = next(
        value for value in vars(other).values() if isinstance(value, nn.Module)
    )
    module[2].running_mean += 1  # pyright: ignore
    assert len({weights_digest_of(one) for one in (encoder(0), encoder(1), other)}) == 3
    assert weights_digest_of(Centroid()) is None


def test_a_lazy_module_has_no_weights_yet() -> None:
    lazy = EncoderLearner(nn.Sequential(nn.Flatten(), nn.LazyLinear(3)), "lazy")
    assert weights_digest_of(lazy) is None


def test_features_and_their_size() -> None:
    one = features_digest(encoder(0), IMAGES)
    assert one == features_digest(encoder(0), IMAGES)
    assert one.bytes_per_image == 12
    assert one.sha256 != features_digest(encoder(1), IMAGES).sha256
    assert features_digest(Centroid(), IMAGES).bytes_per_image == 36
    broken = encoder(0)
    module = next(
        value for value in vars(broken).values() if isinstance(value, nn.Module)
    )
    module[1].bias.data.fill_(torch.nan)  # pyright: ignore
    with pytest.raises(BaselineError, match="NaN"):
        features_digest(broken, IMAGES)
