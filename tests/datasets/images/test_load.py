"""decode gives the right pixels or one DataError; resize does what the filter's name says."""

import io
import os
import random
import struct
import subprocess
import sys
import threading
import time
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from fewbench.datasets.archives.tree import open_tree
from fewbench.datasets.images.decode import MAX_PIXELS, decode
from fewbench.datasets.images.load import load_images, read_images
from fewbench.datasets.images.opencv import FILTERS
from fewbench.datasets.images.resample import BGR, RESAMPLING, resize, tell_resampling
from fewbench.datasets.info import DataError

SIGNATURE = b"\x89PNG\r\n\x1a\n"
PILLOW = {
    "nearest": Image.Resampling.NEAREST,
    "box": Image.Resampling.BOX,
    "bilinear": Image.Resampling.BILINEAR,
    "hamming": Image.Resampling.HAMMING,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}


def encode(image: Image.Image, form: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return (
        struct.pack(">I", len(data))
        + kind
        + data
        + struct.pack(">I", zlib.crc32(kind + data))
    )


def png(
    width: int, height: int, *, before: bytes = b"", pixels: bytes = b"\0\0"
) -> bytes:
    """A grey PNG that declares any size, whatever its pixel data holds."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = chunk(b"IHDR", header) + before + chunk(b"IDAT", zlib.compress(pixels))
    return SIGNATURE + body + chunk(b"IEND", b"")


def smooth(width: int, height: int, seed: int = 0) -> Image.Image:
    draw = np.random.default_rng(seed)
    rough = Image.fromarray(draw.integers(0, 256, (6, 5, 3), dtype=np.uint8))
    return rough.resize((width, height), Image.Resampling.BICUBIC)


@pytest.fixture
def photo() -> Image.Image:
    return smooth(40, 48)


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
        np.testing.assert_array_equal(
            np.asarray(decode(data, "photo", "RGB")), np.asarray(plain)
        )


def test_one_bit_png_becomes_black_and_white(drawing: Image.Image) -> None:
    data = encode(drawing)
    assert (
        data[24:26] == b"\x01\x00"
    )  # bit depth 1, greyscale: the form that Omniglot comes in
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


@pytest.mark.parametrize("form", ["GIF", "BMP", "TIFF", "WEBP", "PPM"])
def test_other_formats_are_refused(photo: Image.Image, form: str) -> None:
    with pytest.raises(
        DataError, match="image set/photo: cannot decode: expected an intact PNG"
    ):
        decode(encode(photo, form), "set/photo", "RGB")


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
    assert {outcome(data) for data in flipped(encode(photo), 2000)} <= {
        None,
        photo.tobytes(),
    }


def test_flipped_bits_of_a_png_with_its_checksums_mended(photo: Image.Image) -> None:
    """Then the pixels may be others, but nothing may crash, hang or warn."""
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
    """A JPEG has no checksum, so wrong pixels can pass; a crash, a hang or a warning cannot."""
    for data in flipped(encode(photo, "JPEG"), 2000):
        outcome(data)


PHOTOS = {form: encode(smooth(40, 48), form) for form in ("PNG", "JPEG")}


@settings(max_examples=400)
@given(
    form=st.sampled_from(["PNG", "JPEG"]),
    length=st.none() | st.floats(0, 1),
    flips=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 7)), max_size=8),
)
@example(form="JPEG", length=None, flips=[])
def test_damage_gives_an_error_or_an_image_of_the_right_shape(
    form: str, length: float | None, flips: list[tuple[float, int]]
) -> None:
    data = bytearray(PHOTOS[form])
    for place, bit in flips:
        data[int(place * (len(data) - 1))] ^= 1 << bit
    cut = None if length is None else int(length * len(data))
    try:
        found = load_images(lambda _: bytes(data[:cut]), ["x"], (20, 14, 3), "cv2-area")
    except DataError as error:
        refusal = str(error)
    else:
        refusal = ""
        assert (found.shape, found.dtype) == ((1, 20, 14, 3), np.uint8)
    if bytes(data[:cut]) == PHOTOS[form]:
        assert not refusal
    assert (
        refusal.startswith("image x: cannot decode: expected an intact PNG")
        or not refusal
    )


# resize


@pytest.mark.parametrize("name", list(PILLOW))
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_each_filter_is_pillows_of_that_name(
    photo: Image.Image, name: str, mode: str
) -> None:
    image = photo.convert(mode)
    found = resize(image, (20, 14), name)
    assert (found.dtype, found.shape) == (np.uint8, (20, 14, len(mode)))
    expected = np.asarray(image.resize((14, 20), PILLOW[name]))
    np.testing.assert_array_equal(found, expected.reshape(found.shape))
    found[0, 0, 0] ^= 255  # the caller's own copy


@pytest.mark.parametrize("name", list(FILTERS))
@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("size", [(20, 14), (48, 40), (84, 84)])
def test_each_cv2_filter_is_the_one_of_that_name(
    photo: Image.Image, name: str, mode: str, size: tuple[int, int]
) -> None:
    image = photo.convert(mode)
    found = resize(image, size, name)
    assert (found.dtype, found.shape) == (np.uint8, (*size, len(mode)))
    pixels = np.asarray(image).reshape(48, 40, len(mode))
    np.testing.assert_array_equal(found, FILTERS[name](pixels, size))
    found[0, 0, 0] ^= 255
    assert np.asarray(image).tobytes() == pixels.tobytes()


def test_filters_are_pillows_and_opencvs() -> None:
    assert list(RESAMPLING) == [*PILLOW, "cv2-linear", "cv2-cubic", "cv2-area"]


def test_filters_differ_on_photos(photo: Image.Image) -> None:
    assert len({resize(photo, (20, 14), name).tobytes() for name in RESAMPLING}) == len(
        RESAMPLING
    )


def test_one_bit_drawing_is_resized_in_grey(drawing: Image.Image) -> None:
    """The trap: Pillow takes NEAREST for mode "1" whatever it is told."""
    told_lanczos = drawing.resize((28, 28), Image.Resampling.LANCZOS).convert("L")
    lanczos, nearest = (
        resize(drawing, (28, 28), name) for name in ("lanczos", "nearest")
    )
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


@pytest.mark.parametrize(
    ("name", "meant"), [("bicubik", "bicubic"), ("cv2_area", "cv2-area")]
)
def test_unknown_filter_names_the_nearest(
    photo: Image.Image, name: str, meant: str
) -> None:
    with pytest.raises(
        DataError, match=f"unknown resampling filter.*Did you mean '{meant}'"
    ):
        resize(photo, (4, 4), name)


# Many images


def pictures(n: int) -> dict[str, bytes]:
    """PNG and JPEG by turns, of several sizes."""
    return {
        f"{i:03d}": encode(
            smooth(30 + i % 7, 25 + i % 5, seed=i), ("PNG", "JPEG")[i % 2]
        )
        for i in range(n)
    }


@pytest.mark.parametrize("shape", [(12, 10, 3), (9, 11, 1)])
@pytest.mark.parametrize("name", ["lanczos", "cv2-linear"])
def test_many_images_are_those_read_one_by_one(
    shape: tuple[int, int, int], name: str
) -> None:
    files = pictures(60)
    names = sorted(files, reverse=True)
    found = load_images(files.__getitem__, names, shape, name)
    mode = "RGB" if shape[2] == 3 else "L"
    expected = [resize(decode(files[n], n, mode), shape[:2], name) for n in names]
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, np.stack(expected))


def test_no_images_make_an_empty_array() -> None:
    assert load_images({}.__getitem__, [], (5, 6, 3), "box").shape == (0, 5, 6, 3)


def test_no_more_files_are_held_than_there_are_cores() -> None:
    """Whoever reads a set that is larger than the memory relies on it."""
    files, lock, inside, most = pictures(40), threading.Lock(), 0, 0

    def read(name: str) -> bytes:
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
        time.sleep(0.002)
        with lock:
            inside -= 1
        return files[name]

    load_images(read, list(files), (8, 8, 3), "box")
    n_cores = (
        len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count()
    )
    assert min(2, n_cores or 1) <= most <= (n_cores or 1)


@pytest.mark.parametrize("damaged", [{"007", "031"}, {"000", "059"}, {"058"}])
def test_the_first_damaged_image_is_named_whichever_thread_meets_it(
    damaged: set[str],
) -> None:
    files = pictures(60) | dict.fromkeys(damaged, b"<html>")
    for _ in range(5):
        with pytest.raises(DataError, match=f"image {min(damaged)}: cannot decode"):
            load_images(files.__getitem__, list(files), (8, 8, 3), "box")


def test_the_first_damaged_image_is_named_even_when_a_later_one_fails_sooner() -> None:
    files = pictures(60) | dict.fromkeys(["010", "011"], b"<html>")

    def read(name: str) -> bytes:
        time.sleep(0.05 if name == "010" else 0)
        return files[name]

    with pytest.raises(DataError, match="image 010: cannot decode"):
        load_images(read, list(files), (8, 8, 3), "box")


def test_what_read_raises_reaches_the_caller_and_stops_the_rest() -> None:
    (data,), asked = pictures(1).values(), []
    names = [str(i) for i in range(3000)]

    def read(name: str) -> bytes:
        asked.append(name)
        if name == "10":
            raise DataError("no 10 here")
        return data

    with pytest.raises(DataError, match="no 10 here"):
        load_images(read, names, (8, 8, 3), "box")
    assert len(asked) < 1000
    assert len(load_images(lambda _: data, names[:50], (8, 8, 3), "box")) == 50


def test_unknown_filter_is_told_before_a_file_is_read() -> None:
    def read(name: str) -> bytes:
        raise AssertionError("read")

    with pytest.raises(DataError, match="unknown resampling filter"):
        load_images(read, ["a"], (8, 8, 3), "lanczoz")


def test_several_threads_may_load_at_once() -> None:
    files = pictures(30)

    def load(_: int) -> bytes:
        return load_images(
            files.__getitem__, list(files), (8, 8, 3), "cv2-area"
        ).tobytes()

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(load, range(8)))) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_forked_child_loads_too() -> None:
    """It inherits the pool but none of its threads; left to itself it would wait for ever."""
    script = """
import io, os
from PIL import Image
from fewbench.datasets.images import load_images
file = io.BytesIO()
Image.new("RGB", (9, 9), "red").save(file, "PNG")
def load():
    return load_images(lambda name: file.getvalue(), ["a", "b"], (3, 3, 3), "box").sum()
parent, child = load(), os.fork()
if child == 0:
    os._exit(0 if load() == parent else 1)
raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


def as_folder(files: dict[str, bytes], path: Path) -> Path:
    for name, data in files.items():
        (path / "set" / name).parent.mkdir(parents=True, exist_ok=True)
        (path / "set" / name).write_bytes(data)
    return path / "set"


def as_zip(files: dict[str, bytes], path: Path) -> Path:
    with zipfile.ZipFile(path / "set.zip", "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in files.items():
            file.writestr(name, data)
    return path / "set.zip"


@pytest.mark.parametrize("pack", [as_folder, as_zip])
def test_images_of_a_tree(
    pack: Callable[[dict[str, bytes], Path], Path], tmp_path: Path
) -> None:
    files = {f"a/{name}": data for name, data in pictures(25).items()}
    with open_tree(pack(files, tmp_path)) as tree:
        found = read_images(tree, tree.names(), (9, 8, 3), "cv2-cubic")
    expected = load_images(files.__getitem__, sorted(files), (9, 8, 3), "cv2-cubic")
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("pack", [as_folder, as_zip])
def test_errors_name_the_tree_and_the_member(
    pack: Callable[[dict[str, bytes], Path], Path], tmp_path: Path
) -> None:
    path = pack(pictures(5) | {"b/bad": b"GIF89a"}, tmp_path)
    with open_tree(path) as tree:
        for member in ("b/bad", "b/missing"):
            with pytest.raises(DataError) as caught:
                read_images(tree, ["000", member, "001"], (9, 8, 3), "box")
            assert str(path) in str(caught.value)
            assert member in str(caught.value)


# tell_resampling


def textured(seed: int) -> Image.Image:
    """As detailed as a photo: noise at several scales, of a size that no filter divides evenly."""
    draw = np.random.default_rng(seed)
    layers = []
    for side in (5, 25, 125, 500):
        noise = Image.fromarray(draw.integers(0, 256, (side, side, 3), dtype=np.uint8))
        layers.append(
            np.asarray(noise.resize((500, 375), Image.Resampling.BICUBIC), float)
        )
    mixed = np.tensordot([0.4, 0.3, 0.2, 0.1], np.stack(layers), axes=1)
    return Image.fromarray(mixed.astype(np.uint8))


def after_jpeg(pixels: np.ndarray) -> np.ndarray:
    return np.asarray(
        decode(encode(Image.fromarray(pixels), "JPEG", quality=95), "x", "RGB")
    )


def check_told(original: Image.Image, name: str) -> None:
    small = resize(original, (84, 84), name)
    pixels = np.asarray(original)
    told = tell_resampling(small, pixels)
    assert next(iter(told.items())) == (name, 0)
    assert list(told.values()) == sorted(told.values())
    assert set(told) == {*RESAMPLING, *(other + BGR for other in RESAMPLING)}
    assert next(iter(tell_resampling(after_jpeg(small), pixels))) == name
    turned = np.ascontiguousarray(small[:, :, ::-1])
    assert next(iter(tell_resampling(turned, pixels))) == name + BGR
    assert next(iter(tell_resampling(after_jpeg(turned), pixels))) == name + BGR


@pytest.mark.parametrize("name", list(RESAMPLING))
def test_the_filter_that_was_used_comes_first(name: str) -> None:
    check_told(textured(0), name)


@pytest.fixture(scope="module")
def imagenet(shared_data: Path) -> Path:
    path = shared_data / "imagenet_sample" / "imagenet_full_resolution_100.zip"
    if not path.is_file():
        pytest.skip(f"needs imagenet_sample/{path.name} below FEWBENCH_TEST_DATA")
    return path


@pytest.mark.parametrize("name", list(RESAMPLING))
def test_the_filter_that_was_used_comes_first_on_photos(
    imagenet: Path, name: str
) -> None:
    with open_tree(imagenet) as tree:
        for member in tree.names()[::20]:
            check_told(decode(tree.read(member), member, "RGB"), name)


@pytest.mark.parametrize("name", ["lanczos", "cv2-linear"])
def test_photos_are_those_of_a_plain_pillow_loop(imagenet: Path, name: str) -> None:
    with open_tree(imagenet) as tree:
        members = tree.names()[:20]
        found = read_images(tree, members, (84, 84, 3), name)
        for pixels, member in zip(found, members, strict=True):
            with Image.open(io.BytesIO(tree.read(member))) as photo:
                expected = resize(photo.convert("RGB"), (84, 84), name)
            np.testing.assert_array_equal(pixels, expected)


def test_a_jpeg_of_endless_scans_is_refused() -> None:
    """Each scan of a few bytes makes the decoder go over the whole picture again."""
    buffer = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(buffer, "JPEG", progressive=True)
    data = buffer.getvalue()
    assert decode(data, "a.jpg", "RGB").size == (64, 64)
    last = data.rindex(b"\xff\xda")
    with pytest.raises(DataError, match="more than 100 scans in one JPEG"):
        decode(data[:last] + 200 * data[last:-2] + data[-2:], "a.jpg", "RGB")


def test_a_file_that_is_no_picture_is_told_without_addresses_in_memory() -> None:
    with pytest.raises(DataError, match="image a.jpg: cannot decode") as caught:
        decode(b"", "a.jpg", "RGB")
    assert "BytesIO" not in str(caught.value)
    assert "got 0 bytes" in str(caught.value)
