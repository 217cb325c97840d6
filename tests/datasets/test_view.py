import numpy as np
import pytest

from fewbench.datasets.info import DataError
from fewbench.datasets.store.split_store import SplitStore
from fewbench.datasets.view import ImageView
from fewbench_tests.bars import IMAGES_PER_CLASS


def test_a_view_of_one_split_is_that_split(bars: dict[str, SplitStore]) -> None:
    view = ImageView([bars["test"]])
    assert (view.n_classes, len(view)) == (8, 160)
    np.testing.assert_array_equal(view.class_offsets, bars["test"].class_offsets)
    np.testing.assert_array_equal(view.images(np.arange(160)), bars["test"].images)
    assert view.image_keys[21] == "test-01/01"
    assert view.fingerprint == bars["test"].fingerprint


def test_rotated_classes_hold_the_rotated_images(bars: dict[str, SplitStore]) -> None:
    store = bars["test"]
    view = ImageView([store], rotations=True)
    assert (view.n_classes, len(view)) == (32, 640)
    assert view.class_names[8 + 3] == "test-03/rot090"
    for r in range(4):
        for c in (0, 5):
            first = view.class_offsets[r * 8 + c]
            rotated = view.images(np.arange(first, first + IMAGES_PER_CLASS))
            upright = store.images[c * 20 : c * 20 + 20]
            for image, original in zip(rotated, upright, strict=True):
                np.testing.assert_array_equal(image, np.rot90(original, r))


def test_with_rotations_by_task_a_class_has_its_images_in_four_rotations(
    bars: dict[str, SplitStore],
) -> None:
    plain, view = (
        ImageView([bars["test"]]),
        ImageView([bars["test"]], task_rotations=True),
    )
    assert view.class_names == plain.class_names
    np.testing.assert_array_equal(view.class_offsets, plain.class_offsets)
    assert (len(view), len(set(view.image_keys))) == (640, 640)
    images, names = view.class_images(3), view.class_image_names(3)
    assert [view.image_keys[i] for i in images] == [f"test-03/{name}" for name in names]
    assert names[21] == "rot090/01"
    rotated, upright = view.images(images), plain.images(plain.class_images(3))
    for r in range(4):
        expected = np.rot90(upright, r, axes=(1, 2))
        np.testing.assert_array_equal(rotated[20 * r : 20 * r + 20], expected)
    with pytest.raises(DataError, match="not both"):
        ImageView([bars["test"]], rotations=True, task_rotations=True)


def test_rotation_is_anticlockwise(bars: dict[str, SplitStore]) -> None:
    """As PIL's rotate(90), with which the published rotated files were made."""
    from PIL import Image

    view = ImageView([bars["test"]], rotations=True)
    upright = Image.fromarray(view.images(np.array([5]))[0, :, :, 0])
    rotated = view.images(np.array([5 + view.n_base_images]))[0, :, :, 0]
    np.testing.assert_array_equal(np.asarray(upright.rotate(90)), rotated)


def test_joined_splits_keep_every_image_in_any_order(
    bars: dict[str, SplitStore],
) -> None:
    view = ImageView([bars["train"], bars["val"]], rotations=True)
    assert view.n_classes == 4 * 18
    assert view.class_names[12] == "val-00/rot000"
    rng = np.random.default_rng(0)
    indices = rng.integers(0, len(view), 500)
    together = view.images(indices)
    parts = [*bars["train"].images, *bars["val"].images]
    for index, image in zip(indices, together, strict=True):
        turn, base = divmod(int(index), len(parts))
        np.testing.assert_array_equal(image, np.rot90(parts[base], turn))


def test_every_image_key_is_unique(bars: dict[str, SplitStore]) -> None:
    view = ImageView([bars["train"], bars["val"]], rotations=True)
    assert len(set(view.image_keys)) == len(view)
