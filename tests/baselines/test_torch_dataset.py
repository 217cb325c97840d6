from pathlib import Path

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

import fewbench
from fewbench.baselines.torch_dataset import TorchDataset
from fewbench.datasets.info import DataError
from fewbench.datasets.store.split_store import SplitStore

# It turns black into white: 255 - image. Workers can import it, and it keeps uint8.
negative = torch.bitwise_not


def test_items_are_images_with_their_labels(bars: dict[str, SplitStore]) -> None:
    store = bars["test"]
    dataset = TorchDataset(store)
    assert len(dataset) == len(store)
    first_of_last = int(store.class_offsets[-2])
    image, label = dataset[first_of_last]
    assert label == len(store.class_names) - 1
    assert dataset.class_names[label] == store.class_names[-1]
    height, width, channels = store.image_shape
    assert (image.dtype, image.shape) == (torch.float32, (channels, height, width))
    expected = torch.from_numpy(store[first_of_last]).permute(2, 0, 1) / 255
    torch.testing.assert_close(image, expected)
    assert np.array_equal(
        np.bincount(dataset.labels.numpy()), np.diff(store.class_offsets)
    )
    last, label = dataset[-1]
    assert label == dataset.labels[-1]
    assert last.equal(dataset[len(dataset) - 1][0])


@pytest.mark.parametrize(("start", "n_workers"), [("fork", 2), ("spawn", 1)])
def test_workers_give_the_same_items(
    bars: dict[str, SplitStore], start: str, n_workers: int
) -> None:
    dataset = TorchDataset(bars["test"], negative)
    alone = list(DataLoader(dataset, batch_size=64))
    loader = DataLoader(
        dataset, batch_size=64, num_workers=n_workers, multiprocessing_context=start
    )
    for (images, labels), (ours, our_labels) in zip(loader, alone, strict=True):
        assert images.equal(ours)
        assert labels.equal(our_labels)


def test_a_wrong_transform_is_named(bars, glyphs_root: Path) -> None:
    with pytest.raises(DataError, match="transform: expected a function"):
        TorchDataset(bars["test"], 224)  # pyright: ignore[reportArgumentType]
    dataset = fewbench.torch_dataset("glyphs", "val", negative, root=glyphs_root)
    assert dataset[0][0].shape == (1, 28, 28)
    assert dataset[0][0].dtype == torch.uint8
