"""A transform of which only the name is left."""

import numpy as np

from fewbench.baselines.named_transform import NamedTransform
from fewbench.baselines.preparation import Preparation


def test_it_has_the_name_and_the_shape_of_the_transform() -> None:
    transform = NamedTransform("of_mine:crop", (20, 24, 3))
    preparation = Preparation(transform=transform, mean=(0.5,))
    assert preparation.transform_name == "of_mine:crop"
    images = np.full((5, 28, 28, 1), 9, np.uint8)
    assert preparation(images).shape == (5, 20, 24, 3)
