"""Decode and resize to uint8. The resampling filter is always named, never implied."""

import io
import os
import re
import struct
import threading
import warnings
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from functools import cache, partial

import numpy as np
from PIL import Image

from .archives import Tree
from .filters import FILTERS
from .info import DataError
from .names import pick

MAX_PIXELS = 64 * 2**20
BGR = "-bgr"  # how tell_resampling marks pixels whose channels are in OpenCV's order
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_JPEG_SCAN = b"\xff\xda"
_MOST_SCANS = 100  # a progressive JPEG has ten or so
_EIGHT_BIT_MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK")
_HEADER_LOCK = threading.Lock()


def decode(data: bytes, name: str, mode: str) -> Image.Image:
    """The picture in PNG or JPEG bytes, as mode "L" or "RGB"; transparency is dropped.

    Raises DataError naming the image when it is damaged, of another format or too large.
    """
    if mode not in ("L", "RGB"):
        raise ValueError(f'mode is "L" or "RGB", not {mode!r}')
    try:
        with _open_header(data) as image:
            _check_header(image)
            image.load()
            return image if image.mode == mode else image.convert(mode)  # which would copy
    except Exception as error:
        # On hostile bytes Pillow raises nearly everything: OSError, SyntaxError, KeyError, ...
        reason = re.sub(r" ?<_io\.BytesIO [^>]*>", "", str(error)) or type(error).__name__
        raise DataError(
            f"image {name}: cannot decode: expected an intact PNG or JPEG, got {len(data):,} bytes "
            f"that start with {data[:8]!r} ({reason}). Get the file that "
            f"holds it again, or replace the image, and type the same command"
        ) from error


def resize(image: Image.Image, size: tuple[int, int], resampling: str) -> np.ndarray:
    """The picture at `size` = (height, width) by a filter of RESAMPLING, aspect ratio not kept.

    Returns uint8 (H, W, C), C = 1 for mode "L" and 3 for "RGB". Raises DataError for an unknown
    filter.
    """
    # Pillow silently takes NEAREST for images of mode "1" and "P", whatever filter one asks for.
    # Omniglot's files are of mode "1": several published pipelines say LANCZOS and used NEAREST.
    # So bits become grey levels first.
    if image.mode == "1":
        image = image.convert("L")
    if image.mode not in ("L", "RGB"):
        raise ValueError(f'can resize mode "L" or "RGB", not {image.mode!r}')
    return pick("resampling filter", resampling, RESAMPLING)(image, size)


def _by_pillow(
    resampling: Image.Resampling, image: Image.Image, size: tuple[int, int]
) -> np.ndarray:
    height, width = size
    return np.array(image.resize((width, height), resampling)).reshape(height, width, -1)


def _as_opencv(name: str, image: Image.Image, size: tuple[int, int]) -> np.ndarray:
    return FILTERS[name](np.asarray(image).reshape(image.height, image.width, -1), size)


RESAMPLING: dict[str, Callable[[Image.Image, tuple[int, int]], np.ndarray]] = {
    "nearest": partial(_by_pillow, Image.Resampling.NEAREST),
    "box": partial(_by_pillow, Image.Resampling.BOX),
    "bilinear": partial(_by_pillow, Image.Resampling.BILINEAR),
    "hamming": partial(_by_pillow, Image.Resampling.HAMMING),
    "bicubic": partial(_by_pillow, Image.Resampling.BICUBIC),
    "lanczos": partial(_by_pillow, Image.Resampling.LANCZOS),
    **{name: partial(_as_opencv, name) for name in FILTERS},
}


def tell_resampling(small: np.ndarray, original: np.ndarray) -> dict[str, float]:
    """Mean absolute luma difference of `small` to `original` by each filter, smallest first.

    small: uint8 (H, W, 3); original: uint8 (h, w, 3) RGB; returns filter -> 0 to 255
    Each filter has a second entry, its name + BGR: the difference if `small` is BGR. Equal ones
    stay in the order of RESAMPLING: several filters agree at some sizes, both channel orders on
    grey. A photo at 84 px that went through JPEG still tells at quality 95; at 75 it is too late
    for filters as near as bicubic and lanczos.
    """
    picture = Image.fromarray(original)
    differences = {}
    for name in RESAMPLING:
        expected = resize(picture, small.shape[:2], name).astype(np.float32)
        differences[name] = _luma_distance(expected, small)
        differences[name + BGR] = _luma_distance(expected[:, :, ::-1], small)
    return dict(sorted(differences.items(), key=lambda entry: entry[1]))


def _luma_distance(image: np.ndarray, other: np.ndarray) -> float:
    # Luma as JPEG has it: JPEG files mostly hold the colours at half the resolution, and a filter
    # as smooth as that would seem to fit.
    luma = np.array([0.299, 0.587, 0.114], np.float32)
    return float(np.abs((image - other) @ luma).mean())


def read_images(
    tree: Tree, members: Sequence[str], shape: tuple[int, int, int], resampling: str
) -> np.ndarray:
    """uint8 (len(members), *shape): these files of a tree, see load_images.

    Raises DataError naming the tree and the first member that is missing or damaged.
    """
    return load_images(tree.read, members, shape, resampling, f"{tree.label}: ")


def load_images(
    read: Callable[[str], bytes],
    names: Sequence[str],
    shape: tuple[int, int, int],
    resampling: str,
    prefix: str = "",
) -> np.ndarray:
    """uint8 (len(names), *shape), in order: every image decoded and resized, on all cores.

    read: the PNG or JPEG bytes of a name; called from several threads
    shape: (H, W, C), C = 1 for grey and 3 for RGB
    prefix: put before a name in errors
    Raises DataError naming the first damaged image, or an unknown filter; and what `read` raises.
    """
    height, width, channels = shape
    mode = {1: "L", 3: "RGB"}[channels]
    pick("resampling filter", resampling, RESAMPLING)
    images = np.empty((len(names), *shape), np.uint8)

    def load(i: int) -> None:
        image = decode(read(names[i]), f"{prefix}{names[i]}", mode)
        images[i] = resize(image, (height, width), resampling)

    _for_each(len(names), load)
    return images


def _for_each(n: int, do: Callable[[int], None]) -> None:
    """do(0) ... do(n - 1) on all cores, one at a time on each; raises the first failure."""
    waiting = deque(range(n))
    failures: dict[int, BaseException] = {}

    def work() -> None:
        with suppress(IndexError):
            while True:
                i = waiting.popleft()
                try:
                    do(i)
                except BaseException as error:
                    waiting.clear()  # all before i are done or under way: none is missed
                    failures[i] = error

    try:
        wait([_pool().submit(work) for _ in range(min(n, _n_cores()))])
    finally:
        waiting.clear()
    if failures:
        raise failures[min(failures)]


def _n_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_n_cores(), "fewbench-images")


if hasattr(os, "register_at_fork"):
    # A forked child has none of the pool's threads, and would wait for a lock that one of them has.
    os.register_at_fork(after_in_child=_pool.cache_clear)
    os.register_at_fork(
        before=_HEADER_LOCK.acquire,
        after_in_parent=_HEADER_LOCK.release,
        after_in_child=_HEADER_LOCK.release,
    )


def _open_header(data: bytes) -> Image.Image:
    if data.startswith(_PNG_SIGNATURE):
        data = _PNG_SIGNATURE + b"".join(_critical_chunks(data))
    elif data.count(_JPEG_SCAN) > _MOST_SCANS:  # each takes as long as the first
        raise ValueError(f"more than {_MOST_SCANS} scans in one JPEG")
    # Pillow warns of broken EXIF and of large pictures; the pixels of the first are fine, the
    # second are refused below. Warning filters belong to the process: one thread at a time.
    with _HEADER_LOCK, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return Image.open(io.BytesIO(data), formats=("PNG", "JPEG"))


def _critical_chunks(data: bytes) -> Iterator[bytes]:
    """The chunks of a PNG that make its pixels. Pillow itself does not check the CRC of IDAT."""
    position, kind = len(_PNG_SIGNATURE), b""
    while kind != b"IEND":
        length, kind = struct.unpack_from(">I4s", data, position)
        end = position + 12 + length
        if end > len(data):
            raise ValueError("truncated PNG")
        if zlib.crc32(data[position + 4 : end - 4]) != int.from_bytes(data[end - 4 : end]):
            raise ValueError(f"wrong CRC in PNG chunk {kind!r}")
        if kind[:1].isupper():
            yield data[position:end]
        position = end


def _check_header(image: Image.Image) -> None:
    """Before a pixel is decoded."""
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise ValueError(f"{width} x {height} pixels, more than {MAX_PIXELS:,}")
    if image.mode not in _EIGHT_BIT_MODES:
        raise ValueError(f"mode {image.mode!r}, not 8 bits a channel")
