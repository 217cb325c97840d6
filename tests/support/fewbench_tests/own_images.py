"""Small images as a user may have them, in class folders."""

from collections.abc import Mapping
from pathlib import Path
from zlib import crc32

from PIL import Image

from .encoded_images import encode, smooth

# By the hash of these names, 60/20/20: 6 train, 2 val and 4 test classes.
CLASSES = (
    "bee",
    "cat",
    "cow",
    "dog",
    "elk",
    "fox",
    "owl",
    "pig",
    "rat",
    "ram",
    "yak",
    "hen",
)


def own_image(class_name: str, index: int) -> Image.Image:
    """An image that looks like no other one."""
    seed = crc32(f"{class_name}/{index}".encode())
    return smooth(30, 24, seed)


def write_classes(
    folder: Path, sizes: Mapping[str, int], *, suffix: str = "png"
) -> None:
    """Write `sizes[name]` images into the folder of each class."""
    for name, n_images in sizes.items():
        of_class = folder / name
        of_class.mkdir(parents=True)
        for index in range(n_images):
            data = encode(own_image(name, index), "PNG" if suffix == "png" else "JPEG")
            (of_class / f"{index}.{suffix}").write_bytes(data)
