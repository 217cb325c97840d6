import numpy as np
import pytest

from fewbench.datasets.info import DataError
from fewbench.datasets.prepared_view import PreparedView
from fewbench.datasets.store.split_store import SplitStore
from fewbench.datasets.view import ImageView


def halved(images: np.ndarray) -> np.ndarray:
    return images[:, ::2, ::2].astype(np.float32)


def test_images_are_prepared_and_all_else_stays(bars: dict[str, SplitStore]) -> None:
    plain = ImageView([bars["test"]], rotations=True)
    view = PreparedView(plain, halved)
    indices = np.array([3, 200, 500])
    np.testing.assert_array_equal(view.images(indices), halved(plain.images(indices)))
    height, width, channels = plain.image_shape
    assert view.image_shape == (height // 2, width // 2, channels)
    assert view.image_dtype == np.float32
    assert view.class_names == plain.class_names
    assert view.fingerprint == plain.fingerprint


def test_only_views_with_one_preparation_have_one_key(
    bars: dict[str, SplitStore],
) -> None:
    plain = ImageView([bars["test"]])
    assert PreparedView(plain, halved).key == PreparedView(plain, halved).key
    assert PreparedView(plain, halved).key != plain.key
    assert PreparedView(plain, halved).key != PreparedView(plain, np.array).key


def test_chance_in_a_preparation_is_refused(bars: dict[str, SplitStore]) -> None:
    calls = iter(range(100))

    def counted(images: np.ndarray) -> np.ndarray:
        return images + np.float32(next(calls))

    with pytest.raises(DataError, match="random changes"):
        PreparedView(ImageView([bars["test"]]), counted)


def test_images_that_depend_on_others_are_refused(bars: dict[str, SplitStore]) -> None:
    def mixed(images: np.ndarray) -> np.ndarray:
        return images - images.mean(axis=0)

    with pytest.raises(DataError, match="several images"):
        PreparedView(ImageView([bars["test"]]), mixed)


def test_all_images_get_one_shape(bars: dict[str, SplitStore]) -> None:
    def cut(images: np.ndarray) -> np.ndarray:
        return images if len(images) < 20 else images[:, 1:]

    view = PreparedView(ImageView([bars["test"]]), cut)
    view.images(np.arange(19))
    with pytest.raises(DataError, match="Add --size"):
        view.images(np.arange(20))
