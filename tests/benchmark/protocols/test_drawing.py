import numpy as np
import pytest

from fewbench.benchmark.protocols.catalogue import find_protocol
from fewbench.benchmark.protocols.drawing import (
    draw_disjoint,
    draw_independent,
    protocol_spec,
)
from fewbench.datasets.class_layout import ClassLayout
from fewbench_tests.fake_splits import fake_view

SIZES = [20, 23, 21, 20, 30, 22, 25]


def test_the_shape_is_that_of_the_protocol() -> None:
    spec = protocol_spec(find_protocol("glyphs-5w5s", query=3))
    assert (spec.n_way, spec.n_shot, spec.n_query) == (5, 5, 3)


@pytest.mark.parametrize("rotated", [{}, {"rotations": True}, {"task_rotations": True}])
def test_class_sizes_alone_give_the_episodes_of_the_images(rotated) -> None:
    protocol = find_protocol("glyphs-5w1s", n_episodes=8)
    view = fake_view(SIZES, **rotated)
    layout = ClassLayout(np.diff(view.class_offsets), **rotated)
    pairs = [
        (draw_independent(protocol, one, 2, 8), draw_disjoint(protocol, one))
        for one in (view, layout)
    ]
    for from_images, from_sizes in zip(*pairs, strict=True):
        for name in ("classes", "support", "query"):
            np.testing.assert_array_equal(
                getattr(from_images, name), getattr(from_sizes, name)
            )
