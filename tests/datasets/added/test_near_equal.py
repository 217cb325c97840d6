from pathlib import Path

from PIL import Image

from fewbench.datasets.added.add import OwnImages, add
from fewbench.datasets.added.near_equal import near_equal_images
from fewbench_tests.encoded_images import encode
from fewbench_tests.own_images import own_image, write_classes

SIZES = {"train/cat": 3, "train/cow": 3, "test/dog": 3, "test/owl": 3}


def test_a_copy_in_another_split_is_named(tmp_path: Path) -> None:
    source = tmp_path / "source"
    write_classes(source, SIZES)
    # The same image, smaller and saved as JPEG.
    copy = own_image("train/cat", 1).resize((26, 20), Image.Resampling.BICUBIC)
    (source / "test/owl/copy.jpg").write_bytes(encode(copy, "JPEG", quality=80))
    own = OwnImages(source, size=32)
    built = add("mine", own, tmp_path / "root")
    expected = [
        "NEAR-EQUAL: 1 image looks the same in train and test: cat/1.png = owl/copy.jpg"
    ]
    assert near_equal_images(built.folder) == expected
    assert built.manifest["checks"][-1:] == expected


def test_different_images_are_not_named_in_grey_either(tmp_path: Path) -> None:
    source = tmp_path / "source"
    write_classes(source, SIZES)
    built = add("mine", OwnImages(source, size=32, grey=True), tmp_path / "root")
    assert near_equal_images(built.folder) == [
        "no image looks the same in train and test"
    ]


def test_many_copies_are_counted_and_some_are_named(tmp_path: Path) -> None:
    source = tmp_path / "source"
    write_classes(source, {**SIZES, "train/cat": 8})
    for index in range(8):
        data = encode(own_image("train/cat", index))
        (source / f"test/dog/copy{index}.png").write_bytes(data)
    built = add("mine", OwnImages(source, size=32), tmp_path / "root")
    (sentence,) = near_equal_images(built.folder)
    assert sentence.startswith("NEAR-EQUAL: 8 images look the same in train and test: ")
    assert sentence.endswith("cat/4.png = dog/copy4.png, 3 more")
