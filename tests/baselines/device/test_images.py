import numpy as np
import pytest
import torch

from fewbench.baselines.device.images import Pixels
from fewbench.datasets.store.split_store import SplitStore
from fewbench.datasets.view import ImageView
from fewbench_tests.cuda import EACH_DEVICE


@pytest.mark.parametrize("device", EACH_DEVICE)
@pytest.mark.parametrize("resident", [False, True])
def test_images_come_in_the_order_asked_for(
    bars: dict[str, SplitStore], device: str, resident: bool
) -> None:
    view = ImageView([bars["test"]], rotations=True)
    pixels = Pixels(view, torch.device(device))
    if resident:
        pixels.make_resident()
    indices = np.array([[5, 0, 5], [len(view) - 1, 2, 1]])
    found = pixels.gather(indices)
    assert found.dtype == torch.uint8
    assert found.device.type == device
    assert found.shape == (2, 3, *view.image_shape)
    expected = view.images(indices.reshape(-1)).reshape(found.shape)
    np.testing.assert_array_equal(found.cpu().numpy(), expected)
