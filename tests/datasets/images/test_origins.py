"""What image files were like is counted, whoever reads them."""

import io
from collections import Counter

import numpy as np
import pytest
from PIL import Image

from fewbench.datasets.images.decode import decode_with_origin, read_size
from fewbench.datasets.images.load import load_images
from fewbench.datasets.images.origins import (
    NO_JPEG,
    Origin,
    Origins,
    counting,
    sizes_text,
)
from fewbench.datasets.info import DataError


def encoded(mode: str, size: tuple[int, int], turn: int = 0) -> bytes:
    """A PNG, or a JPEG where PNG cannot hold the mode or the EXIF data are wanted."""
    image = Image.new(mode, size)
    file = io.BytesIO()
    exif = Image.Exif()
    if turn:
        exif[0x0112] = turn
    kind = "JPEG" if turn or mode == "CMYK" else "PNG"
    image.save(file, kind, exif=exif)
    return file.getvalue()


FILES = {
    "a": encoded("RGB", (8, 6)),
    "b": encoded("RGB", (20, 10)),
    "c": encoded("L", (8, 6)),
    "d": encoded("CMYK", (20, 10)),
    "e": encoded("P", (9, 9)),
    "f": encoded("RGB", (8, 6), turn=6),
    "g": encoded("RGB", (8, 6), turn=1),
}


def test_each_image_is_counted_with_what_was_done_to_it() -> None:
    with counting() as origins:
        load_images(FILES.__getitem__, list(FILES), (6, 8, 3), "bilinear")
    assert origins.sizes == {"8 x 6": 4, "20 x 10": 2, "9 x 9": 1}
    assert origins.converted == {"L": 1, "CMYK": 1, "P": 1}
    assert origins.turned == 1
    assert origins.n_images == 7
    assert origins.n_resized(6, 8) == 3
    text = ". ".join(origins.sentences())
    assert "7 image files of 8 x 6 (4), 20 x 10 (2), 9 x 9 (1) pixels" in text
    assert "1 of them converted from palette (mode P)" in text
    assert "EXIF data of 1 ask for a rotation, which was not done" in text


def test_nothing_is_counted_outside() -> None:
    with counting() as origins:
        pass
    load_images(FILES.__getitem__, ["a"], (6, 8, 3), "bilinear")
    assert origins.sentences() == []


def test_counts_survive_a_document_and_add_up() -> None:
    origins = Origins()
    jpeg = "quality 95, 4:2:0"
    turned = Origin("9 x 9", "L", True, jpeg, 75, is_upright=True)
    origins.add([Origin("8 x 6"), turned])
    again = Origins()
    again.join(origins)
    again.join(origins)
    assert again.sizes == {"8 x 6": 2, "9 x 9": 2}
    assert again.document() == {
        "sizes": {"8 x 6": 2, "9 x 9": 2},
        "converted": {"L": 2},
        "turned": 2,
        "jpegs": {NO_JPEG: 2, jpeg: 2},
        "earlier": {"75": 2},
        "upright": 2,
        "on_white": 0,
    }
    resumed = Origins()
    resumed.join(Origins(**again.document()))
    assert resumed == again


def test_files_of_one_kind_are_said_without_counts() -> None:
    origins = Origins()
    assert origins.jpeg() == ""
    origins.add([Origin("8 x 6")])
    assert origins.jpeg() == ""
    jpegs = Origins()
    jpegs.add([Origin("8 x 6", jpeg="quality 95, 4:2:0", earlier=75)] * 4)
    assert jpegs.jpeg() == "quality 95, 4:2:0, before that about quality 75"
    jpegs.add([Origin("8 x 6", jpeg="quality 95, 4:2:0", earlier=0)])
    assert jpegs.jpeg().endswith("about quality 75 (4 of 5 examined)")


def test_mixed_files_are_said_with_counts() -> None:
    origins = Origins()
    for n in range(6):
        origins.add([Origin("8 x 6", jpeg=f"quality {n}", earlier=0)] * (n + 1))
    assert origins.jpeg() == (
        "quality 5 (6), quality 4 (5), quality 3 (4), 3 other kinds (6)"
    )
    origins.add([Origin("8 x 6")] * 30)
    assert origins.jpeg().startswith("no JPEG (30), quality 5 (6)")


def test_an_earlier_saving_that_few_files_show_is_not_said() -> None:
    origins = Origins()
    files = [Origin("8 x 6", jpeg="quality 95, 4:2:0", earlier=0)] * 3
    origins.add([*files, Origin("8 x 6", jpeg="quality 95, 4:2:0", earlier=75)])
    assert origins.jpeg() == "quality 95, 4:2:0"


def test_rare_sizes_are_counted_together() -> None:
    assert sizes_text(Counter({"84 x 84": 3})) == "84 x 84"
    assert sizes_text(Counter()) == ""
    many = Counter({f"{n} x 1": n for n in range(1, 9)})
    assert sizes_text(many).endswith("4 x 1 (4), 3 other sizes (6)")


def test_a_size_comes_from_the_header_alone() -> None:
    data = encoded("RGB", (2000, 1000), turn=6)
    assert read_size(data[: len(data) // 2], "b") == "2000 x 1000"
    with pytest.raises(DataError, match="image b: cannot decode"):
        read_size(b"<html>", "b")


def test_broken_exif_data_do_not_matter() -> None:
    data = encoded("RGB", (8, 6), turn=6)
    broken = data.replace(b"Exif\0\0MM", b"Exif\0\0XX").replace(
        b"Exif\0\0II", b"Exif\0\0XX"
    )
    assert broken != data
    image, origin = decode_with_origin(broken, "f", "RGB")
    assert not origin.asks_to_be_turned
    assert np.asarray(image).shape == (6, 8, 3)
