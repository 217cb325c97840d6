from dataclasses import replace
from pathlib import Path

import pytest
import torch

from fewbench.baselines.catalogue import make_learner
from fewbench.baselines.learner import BaselineError, TrainingData
from fewbench.baselines.metric.centroid import Centroid
from fewbench.baselines.recipe_files import load_recipe
from fewbench.benchmark.image_shapes import check_image_shape, check_images
from fewbench.benchmark.protocols.catalogue import find_protocol
from fewbench.benchmark.protocols.stream import EpisodeStream, open_stream


@pytest.fixture
def stream(glyphs_root: Path) -> EpisodeStream:
    return open_stream(find_protocol("glyphs-5w1s"), glyphs_root)


def test_other_channels_are_refused_in_one_sentence(stream: EpisodeStream) -> None:
    learner = Centroid()
    check_images(learner, stream)
    data = TrainingData("miniimagenet", ("train",), ("abc",))
    learner.card = replace(
        learner.card, image_shape=(84, 84, 3), trained_on=data, from_scratch=True
    )
    with pytest.raises(BaselineError) as refused:
        check_images(learner, stream)
    assert str(refused.value) == (
        "centroid on glyphs-5w1s: expected colour images of 84 x 84 px, on which this "
        "learner was trained, got grey images of 28 x 28 px. Choose a protocol of "
        "miniimagenet: fewbench protocol list"
    )


def test_another_size_is_refused_unless_images_are_embedded(
    stream: EpisodeStream,
) -> None:
    learner = Centroid()
    learner.card = replace(learner.card, image_shape=(84, 84, 1))
    check_images(learner, stream)
    config = load_recipe("maml-glyphs", ["width=4", "precision=fp32"])
    maml = make_learner(config, (84, 84, 1), torch.device("cpu"))
    maml.card = replace(maml.card, image_shape=(84, 84, 1))
    with pytest.raises(BaselineError, match="got grey images of 28 x 28 px. Choose a "):
        check_images(maml, stream)


@pytest.mark.parametrize(
    ("backbone", "side", "fits"),
    [("conv4", 16, True), ("conv4", 12, False), ("mlp", 32, False)],
)
def test_a_network_that_cannot_run_on_a_size_is_refused(
    backbone: str, side: int, fits: bool
) -> None:
    settings = ["width=4", "precision=fp32", f"backbone={backbone}"]
    config = load_recipe("protonet-glyphs", settings)
    learner = make_learner(config, (28, 28, 1), torch.device("cpu"))
    learner.card = replace(learner.card, image_shape=(28, 28, 1))
    if fits:
        check_image_shape(learner, (side, side, 1), "mine")
    else:
        with pytest.raises(BaselineError, match=f"got grey images of {side} x {side} "):
            check_image_shape(learner, (side, side, 1), "mine")
