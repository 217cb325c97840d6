"""A user's own images are read as a viewer shows them."""

import io

import numpy as np
import pytest
from PIL import Image, ImageOps

from fewbench.datasets.images.decode import decode, decode_with_origin
from fewbench.datasets.images.origins import Origins
from fewbench_tests.encoded_images import encode, smooth


def turned_jpeg(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encode(smooth(30, 20), "JPEG", exif=exif)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_images_are_turned_as_pillow_turns_them(orientation: int) -> None:
    data = turned_jpeg(orientation)
    shown, origin = decode_with_origin(data, "a", "RGB", shown=True)
    with Image.open(io.BytesIO(data)) as image:
        expected = np.asarray(ImageOps.exif_transpose(image))
    np.testing.assert_array_equal(np.asarray(shown), expected)
    assert origin.is_upright == (orientation != 1)
    assert not origin.asks_to_be_turned


def test_the_exif_data_of_a_png_count_too() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    data = encode(smooth(30, 20), "PNG", exif=exif)
    shown, _ = decode_with_origin(data, "a", "RGB", shown=True)
    assert shown.size == (20, 30)
    assert decode(data, "a", "RGB").size == (30, 20)


def test_transparent_parts_become_white() -> None:
    image = Image.new("RGBA", (2, 1), (0, 0, 0, 255))
    image.putpixel((0, 0), (0, 0, 0, 0))
    for mode in ("RGB", "L"):
        shown, origin = decode_with_origin(encode(image), "a", mode, shown=True)
        pixels = np.asarray(shown).reshape(2, -1)
        assert set(pixels[0]) == {255}
        assert set(pixels[1]) == {0}
        assert origin.on_white
    assert np.asarray(decode(encode(image), "a", "L")).tolist() == [[0, 0]]


def test_a_transparent_colour_of_a_palette_becomes_white() -> None:
    image = Image.new("P", (2, 1), 0)
    image.putpalette([10, 20, 30, 40, 50, 60])
    image.putpixel((1, 0), 1)
    data = encode(image, "PNG", transparency=0)
    shown, origin = decode_with_origin(data, "a", "RGB", shown=True)
    assert np.asarray(shown).tolist() == [[[255] * 3, [40, 50, 60]]]
    assert origin.on_white


def test_an_opaque_image_is_not_counted_as_put_on_white() -> None:
    image = Image.new("RGBA", (2, 1), (1, 2, 3, 255))
    shown, origin = decode_with_origin(encode(image), "a", "RGB", shown=True)
    assert np.asarray(shown).tolist() == [[[1, 2, 3], [1, 2, 3]]]
    assert not origin.on_white


def test_the_counts_say_what_was_done() -> None:
    origins = Origins()
    _, turned = decode_with_origin(turned_jpeg(3), "a", "RGB", shown=True)
    clear = encode(Image.new("RGBA", (30, 20)))
    _, on_white = decode_with_origin(clear, "b", "RGB", shown=True)
    origins.add([turned, on_white])
    assert origins.sentences()[-2:] == [
        "1 rotated as their EXIF data ask",
        "transparent parts of 1 put on white",
    ]
