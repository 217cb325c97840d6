"""`decode` gives the right pixels or raises one DataError."""

import io
import random
import struct
import time
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from fewbench.datasets.images.decode import MAX_PIXELS, decode
from fewbench.datasets.info import DataError
from fewbench_tests.encoded_images import SIGNATURE, chunk, encode, png


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_png_pixels_are_exact(photo: Image.Image, mode: str) -> None:
    found = decode(encode(photo), "photo", mode)
    assert found.mode == mode
    np.testing.assert_array_equal(np.asarray(found), np.asarray(photo.convert(mode)))


def test_jpeg_pixels_are_those_of_a_plain_pillow_read(photo: Image.Image) -> None:
    data = encode(photo, "JPEG", quality=90)
    with Image.open(io.BytesIO(data)) as plain:
        np.testing.assert_array_equal(
            np.asarray(decode(data, "photo", "RGB")), np.asarray(plain)
        )


def test_one_bit_png_becomes_black_and_white(drawing: Image.Image) -> None:
    data = encode(drawing)
    bit_depth_1_greyscale = b"\x01\x00"  # as Omniglot's files
    assert data[24:26] == bit_depth_1_greyscale
    found = np.asarray(decode(data, "drawing", "L"))
    assert set(np.unique(found)) == {0, 255}
    np.testing.assert_array_equal(found, np.asarray(drawing.convert("L")))


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparency_is_dropped(photo: Image.Image, mode: str) -> None:
    opaque = photo.convert(mode.removesuffix("A") if mode == "LA" else "RGB")
    if mode == "P":
        opaque = photo.quantize(32)
        data = encode(opaque, transparency=bytes(range(32)))
    else:
        layered = opaque.copy()
        layered.putalpha(7)
        data = encode(layered)
    found = decode(data, "photo", "RGB")
    np.testing.assert_array_equal(np.asarray(found), np.asarray(opaque.convert("RGB")))


def test_cmyk_jpeg_is_read(photo: Image.Image) -> None:
    data = encode(photo.convert("CMYK"), "JPEG", quality=95)
    difference = np.asarray(decode(data, "photo", "RGB")).astype(int) - np.asarray(
        photo
    )
    assert np.abs(difference).mean() < 8


def test_other_modes_are_the_callers_mistake(photo: Image.Image) -> None:
    with pytest.raises(ValueError, match="not 'CMYK'"):
        decode(encode(photo), "photo", "CMYK")


@pytest.mark.parametrize("file_format", ["GIF", "BMP", "TIFF", "WEBP", "PPM"])
def test_other_formats_are_refused(photo: Image.Image, file_format: str) -> None:
    with pytest.raises(
        DataError, match="image set/photo: cannot decode: expected an intact PNG"
    ):
        decode(encode(photo, file_format), "set/photo", "RGB")


@pytest.mark.parametrize(
    "data", [b"", b"<html>", SIGNATURE, b"\xff\xd8\xff", b"\xff\xd8\xff\xe0"]
)
def test_what_is_no_image_is_refused(data: bytes) -> None:
    with pytest.raises(DataError, match=r"image x: .*, got"):
        decode(data, "x", "L")


def test_sixteen_bit_grey_is_refused_rather_than_clipped() -> None:
    deep = Image.fromarray(np.full((4, 4), 4000, dtype=np.uint16))
    with pytest.raises(DataError, match="8 bits a channel"):
        decode(encode(deep), "deep", "L")


@pytest.mark.parametrize(
    ("width", "height"),
    [(8193, 8192), (10_000, 9_000), (20_000, 20_000), (2**31 - 1, 2**31 - 1)],
)
def test_huge_header_is_refused_before_pixels_are_decoded(
    width: int, height: int
) -> None:
    """Pillow would accept the first, warn of some and refuse others."""
    assert width * height > MAX_PIXELS
    tracemalloc.start()
    started = time.perf_counter()
    with pytest.raises(DataError, match="image bomb"):
        decode(png(width, height), "bomb", "L")
    assert time.perf_counter() - started < 0.5
    assert tracemalloc.get_traced_memory()[1] < 2**20
    tracemalloc.stop()


def test_header_that_promises_more_than_there_is() -> None:
    with pytest.raises(DataError, match="image liar"):
        decode(png(2000, 2000), "liar", "L")


def test_chunks_that_make_no_pixels_are_not_even_read(photo: Image.Image) -> None:
    """A broken animation header makes Pillow warn. Profiles and text may be bombs too."""
    extra = chunk(b"acTL", struct.pack(">II", 0, 0)) + chunk(b"iCCP", b"x\0\0garbage")
    found = decode(png(1, 1, before=extra, pixels=b"\0\x7f"), "odd", "L")
    assert np.asarray(found).tolist() == [[127]]


def test_broken_exif_does_not_warn(photo: Image.Image) -> None:
    entry = struct.pack(
        "<HHIII", 0x011A, 5, 1, 9999, 0
    )  # a resolution stored beyond the end
    exif = b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", 1) + entry
    plain = encode(photo, "JPEG")
    broken = (
        plain[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + plain[20:]
    )
    with (
        pytest.warns(UserWarning, match="Truncated|Corrupt|larger"),
        Image.open(io.BytesIO(broken)),
    ):
        pass
    np.testing.assert_array_equal(
        np.asarray(decode(broken, "photo", "RGB")),
        np.asarray(decode(plain, "photo", "RGB")),
    )


def test_many_threads_decode_alike(photo: Image.Image) -> None:
    data = encode(photo)
    with ThreadPoolExecutor(4) as pool:
        found = list(
            pool.map(lambda i: decode(data, str(i), "RGB").tobytes(), range(200))
        )
    assert set(found) == {photo.tobytes()}


def outcome(data: bytes) -> bytes | None:
    """The pixels, or None if the image is refused. Anything else fails the test."""
    started = time.perf_counter()
    try:
        return decode(data, "damaged", "RGB").tobytes()
    except DataError:
        return None
    finally:
        assert time.perf_counter() - started < 2


def flipped(data: bytes, trials: int) -> Iterator[bytes]:
    draw = random.Random(0)
    for trial in range(trials):
        damaged = bytearray(data)
        for _ in range(1 + trial % 4):
            damaged[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
        yield bytes(damaged)


def test_every_truncation_of_a_png(photo: Image.Image) -> None:
    data = encode(photo)
    assert all(outcome(data[:length]) is None for length in range(0, len(data), 5))
    assert outcome(data[:-1]) is None


def test_flipped_bits_of_a_png(photo: Image.Image) -> None:
    assert {outcome(data) for data in flipped(encode(photo), 2000)} <= {
        None,
        photo.tobytes(),
    }


def test_flipped_bits_of_a_png_with_its_checksums_mended(photo: Image.Image) -> None:
    """The pixels may then differ, but nothing may crash, hang or warn."""
    original = encode(photo)
    for data in flipped(original, 1000):
        body, position = b"", len(SIGNATURE)
        while position < len(original):
            (length,) = struct.unpack_from(">I", original, position)
            body += chunk(
                data[position + 4 : position + 8], data[position + 8 :][:length]
            )
            position += 12 + length
        outcome(SIGNATURE + body)


def test_every_truncation_of_a_jpeg(photo: Image.Image) -> None:
    data = encode(photo, "JPEG")
    right = outcome(data)
    for length in range(len(data)):
        assert outcome(data[:length]) in (None, right)


def test_flipped_bits_of_a_jpeg(photo: Image.Image) -> None:
    """A JPEG has no checksum, so wrong pixels can pass. It must not crash, hang or warn."""
    for data in flipped(encode(photo, "JPEG"), 2000):
        outcome(data)


def test_a_jpeg_of_endless_scans_is_refused() -> None:
    """Each scan of a few bytes makes the decoder go over the whole image again."""
    buffer = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(buffer, "JPEG", progressive=True)
    data = buffer.getvalue()
    assert decode(data, "a.jpg", "RGB").size == (64, 64)
    last = data.rindex(b"\xff\xda")
    with pytest.raises(DataError, match="more than 100 scans in one JPEG"):
        decode(data[:last] + 200 * data[last:-2] + data[-2:], "a.jpg", "RGB")


def test_the_error_for_no_image_has_no_address_in_memory() -> None:
    with pytest.raises(DataError, match="image a.jpg: cannot decode") as caught:
        decode(b"", "a.jpg", "RGB")
    assert "BytesIO" not in str(caught.value)
    assert "got 0 bytes" in str(caught.value)
