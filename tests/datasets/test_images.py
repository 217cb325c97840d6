"""decode gives the right pixels or one DataError; resize does what the filter's name says."""

import io
import random
import struct
import time
import tracemalloc
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from fewbench.datasets.images import MAX_PIXELS, RESAMPLING, decode, resize
from fewbench.datasets.info import DataError

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def encode(image: Image.Image, form: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, *, before: bytes = b"", pixels: bytes = b"\0\0") -> bytes:
    """A grey PNG that declares any size, whatever its pixel data holds."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = chunk(b"IHDR", header) + before + chunk(b"IDAT", zlib.compress(pixels))
    return SIGNATURE + body + chunk(b"IEND", b"")


@pytest.fixture
def photo() -> Image.Image:
    draw = np.random.default_rng(0)
    rough = Image.fromarray(draw.integers(0, 256, (6, 5, 3), dtype=np.uint8))
    return rough.resize((40, 48), Image.Resampling.BICUBIC)


@pytest.fixture
def drawing() -> Image.Image:
    """One bit a pixel, ink = 0, as in Omniglot."""
    page = np.full((105, 105), 255, dtype=np.uint8)
    page[20:80, 50:53] = page[70:72, 10:90] = 0
    page[range(30, 90), range(15, 75)] = 0
    return Image.fromarray(page).convert("1")


# decode


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_png_pixels_are_exact(photo: Image.Image, mode: str) -> None:
    found = decode(encode(photo), "photo", mode)
    assert found.mode == mode
    np.testing.assert_array_equal(np.asarray(found), np.asarray(photo.convert(mode)))


def test_jpeg_pixels_are_those_of_a_plain_pillow_read(photo: Image.Image) -> None:
    data = encode(photo, "JPEG", quality=90)
    with Image.open(io.BytesIO(data)) as plain:
        np.testing.assert_array_equal(np.asarray(decode(data, "photo", "RGB")), np.asarray(plain))


def test_one_bit_png_becomes_black_and_white(drawing: Image.Image) -> None:
    data = encode(drawing)
    assert data[24:26] == b"\x01\x00"  # bit depth 1, greyscale: the form that Omniglot comes in
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
    difference = np.asarray(decode(data, "photo", "RGB")).astype(int) - np.asarray(photo)
    assert np.abs(difference).mean() < 8


def test_other_modes_are_the_callers_mistake(photo: Image.Image) -> None:
    with pytest.raises(ValueError, match="not 'CMYK'"):
        decode(encode(photo), "photo", "CMYK")


@pytest.mark.parametrize("form", ["GIF", "BMP", "TIFF", "WEBP", "PPM"])
def test_other_formats_are_refused(photo: Image.Image, form: str) -> None:
    with pytest.raises(DataError, match="image set/photo: cannot decode: expected an intact PNG"):
        decode(encode(photo, form), "set/photo", "RGB")


@pytest.mark.parametrize("data", [b"", b"<html>", SIGNATURE, b"\xff\xd8\xff", b"\xff\xd8\xff\xe0"])
def test_what_is_no_image_is_refused(data: bytes) -> None:
    with pytest.raises(DataError, match=r"image x: .*, got"):
        decode(data, "x", "L")


def test_sixteen_bit_grey_is_refused_rather_than_clipped() -> None:
    deep = Image.fromarray(np.full((4, 4), 4000, dtype=np.uint16))
    with pytest.raises(DataError, match="8 bits a channel"):
        decode(encode(deep), "deep", "L")


@pytest.mark.parametrize(
    ("width", "height"), [(8193, 8192), (10_000, 9_000), (20_000, 20_000), (2**31 - 1, 2**31 - 1)]
)
def test_huge_header_is_refused_before_pixels_are_decoded(width: int, height: int) -> None:
    """Some of these Pillow would warn of, some it would refuse, the first it would take."""
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
    """A broken animation header makes Pillow warn, a profile or text may be a bomb of its own."""
    extra = chunk(b"acTL", struct.pack(">II", 0, 0)) + chunk(b"iCCP", b"x\0\0garbage")
    found = decode(png(1, 1, before=extra, pixels=b"\0\x7f"), "odd", "L")
    assert np.asarray(found).tolist() == [[127]]


def test_broken_exif_does_not_warn(photo: Image.Image) -> None:
    entry = struct.pack("<HHIII", 0x011A, 5, 1, 9999, 0)  # a resolution stored beyond the end
    exif = b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", 1) + entry
    plain = encode(photo, "JPEG")
    broken = plain[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + plain[20:]
    with (
        pytest.warns(UserWarning, match="Truncated|Corrupt|larger"),
        Image.open(io.BytesIO(broken)),
    ):
        pass
    np.testing.assert_array_equal(
        np.asarray(decode(broken, "photo", "RGB")), np.asarray(decode(plain, "photo", "RGB"))
    )


def test_many_threads_decode_alike(photo: Image.Image) -> None:
    data = encode(photo)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda i: decode(data, str(i), "RGB").tobytes(), range(200)))
    assert set(found) == {photo.tobytes()}


# Damage at every place


def outcome(data: bytes) -> bytes | None:
    """The pixels, or None for a refusal; anything else fails the test."""
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
    assert {outcome(data) for data in flipped(encode(photo), 2000)} <= {None, photo.tobytes()}


def test_flipped_bits_of_a_png_with_its_checksums_mended(photo: Image.Image) -> None:
    """Then the pixels may be others, but nothing may crash, hang or warn."""
    original = encode(photo)
    for data in flipped(original, 1000):
        body, position = b"", len(SIGNATURE)
        while position < len(original):
            (length,) = struct.unpack_from(">I", original, position)
            body += chunk(data[position + 4 : position + 8], data[position + 8 :][:length])
            position += 12 + length
        outcome(SIGNATURE + body)


def test_every_truncation_of_a_jpeg(photo: Image.Image) -> None:
    data = encode(photo, "JPEG")
    right = outcome(data)
    for length in range(len(data)):
        assert outcome(data[:length]) in (None, right)


def test_flipped_bits_of_a_jpeg(photo: Image.Image) -> None:
    """A JPEG has no checksum, so wrong pixels can pass; a crash, a hang or a warning cannot."""
    for data in flipped(encode(photo, "JPEG"), 2000):
        outcome(data)


# resize


@pytest.mark.parametrize("name", list(RESAMPLING))
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_each_filter_is_pillows_of_that_name(photo: Image.Image, name: str, mode: str) -> None:
    image = photo.convert(mode)
    found = resize(image, (20, 14), name)
    assert (found.dtype, found.shape) == (np.uint8, (20, 14, len(mode)))
    expected = np.asarray(image.resize((14, 20), RESAMPLING[name]))
    np.testing.assert_array_equal(found, expected.reshape(found.shape))
    found[0, 0, 0] ^= 255  # the caller's own copy


def test_filters_differ_on_photos(photo: Image.Image) -> None:
    assert len({resize(photo, (20, 14), name).tobytes() for name in RESAMPLING}) == len(RESAMPLING)


def test_one_bit_drawing_is_resized_in_grey(drawing: Image.Image) -> None:
    """The trap: Pillow takes NEAREST for mode "1" whatever it is told."""
    told_lanczos = drawing.resize((28, 28), Image.Resampling.LANCZOS).convert("L")
    lanczos, nearest = (resize(drawing, (28, 28), name) for name in ("lanczos", "nearest"))
    np.testing.assert_array_equal(nearest[..., 0], np.asarray(told_lanczos))
    assert len(np.unique(nearest)) == 2
    assert len(np.unique(lanczos)) > 20
    decoded = decode(encode(drawing), "drawing", "L")
    np.testing.assert_array_equal(resize(decoded, (28, 28), "lanczos"), lanczos)
    np.testing.assert_array_equal(resize(decoded, (28, 28), "nearest"), nearest)


def test_same_size_changes_nothing(photo: Image.Image) -> None:
    np.testing.assert_array_equal(resize(photo, (48, 40), "lanczos"), np.asarray(photo))


def test_palette_image_is_the_callers_mistake(photo: Image.Image) -> None:
    with pytest.raises(ValueError, match="not 'P'"):
        resize(photo.quantize(8), (4, 4), "lanczos")


def test_unknown_filter_names_the_nearest(photo: Image.Image) -> None:
    with pytest.raises(DataError, match="Did you mean 'bicubic'"):
        resize(photo, (4, 4), "bicubik")
