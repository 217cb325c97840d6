"""`load_images` reads many images on all cores, and names the first damaged one."""

import io
import os
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from fewbench.datasets.archives.tree import open_tree
from fewbench.datasets.images.decode import decode
from fewbench.datasets.images.load import load_images, read_images
from fewbench.datasets.images.resample import resize
from fewbench.datasets.info import DataError
from fewbench_tests.encoded_images import encode, several_files, smooth

PHOTOS = {name: encode(smooth(40, 48), name) for name in ("PNG", "JPEG")}


@settings(max_examples=400)
@given(
    file_format=st.sampled_from(["PNG", "JPEG"]),
    length=st.none() | st.floats(0, 1),
    flips=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 7)), max_size=8),
)
@example(file_format="JPEG", length=None, flips=[])
def test_damage_gives_an_error_or_an_image_of_the_right_shape(
    file_format: str, length: float | None, flips: list[tuple[float, int]]
) -> None:
    data = bytearray(PHOTOS[file_format])
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
    if bytes(data[:cut]) == PHOTOS[file_format]:
        assert not refusal
    assert (
        refusal.startswith("image x: cannot decode: expected an intact PNG")
        or not refusal
    )


@pytest.mark.parametrize("shape", [(12, 10, 3), (9, 11, 1)])
@pytest.mark.parametrize("name", ["lanczos", "cv2-linear"])
def test_many_images_are_those_read_one_by_one(
    shape: tuple[int, int, int], name: str
) -> None:
    files = several_files(60)
    names = sorted(files, reverse=True)
    found = load_images(files.__getitem__, names, shape, name)
    mode = "RGB" if shape[2] == 3 else "L"
    expected = [resize(decode(files[n], n, mode), shape[:2], name) for n in names]
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, np.stack(expected))


def test_no_images_make_an_empty_array() -> None:
    assert load_images({}.__getitem__, [], (5, 6, 3), "box").shape == (0, 5, 6, 3)


def test_no_more_files_are_held_than_there_are_cores() -> None:
    """So a set larger than the memory can be read."""
    files, lock, inside, most = several_files(40), threading.Lock(), 0, 0

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
    files = several_files(60) | dict.fromkeys(damaged, b"<html>")
    for _ in range(5):
        with pytest.raises(DataError, match=f"image {min(damaged)}: cannot decode"):
            load_images(files.__getitem__, list(files), (8, 8, 3), "box")


def test_the_first_damaged_image_is_named_even_when_a_later_one_fails_sooner() -> None:
    files = several_files(60) | dict.fromkeys(["010", "011"], b"<html>")

    def read(name: str) -> bytes:
        time.sleep(0.05 if name == "010" else 0)
        return files[name]

    with pytest.raises(DataError, match="image 010: cannot decode"):
        load_images(read, list(files), (8, 8, 3), "box")


def test_what_read_raises_reaches_the_caller_and_stops_the_rest() -> None:
    (data,), asked = several_files(1).values(), []
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
    files = several_files(30)

    def load(_: int) -> bytes:
        return load_images(
            files.__getitem__, list(files), (8, 8, 3), "cv2-area"
        ).tobytes()

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(load, range(8)))) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_forked_child_loads_too() -> None:
    """It inherits the pool but none of its threads: with that pool it would wait forever."""
    script = """
import io, os
from PIL import Image
from fewbench.datasets.images.load import load_images
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
    files = {f"a/{name}": data for name, data in several_files(25).items()}
    with open_tree(pack(files, tmp_path)) as tree:
        found = read_images(tree, tree.names(), (9, 8, 3), "cv2-cubic")
    expected = load_images(files.__getitem__, sorted(files), (9, 8, 3), "cv2-cubic")
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("pack", [as_folder, as_zip])
def test_errors_name_the_tree_and_the_member(
    pack: Callable[[dict[str, bytes], Path], Path], tmp_path: Path
) -> None:
    path = pack(several_files(5) | {"b/bad": b"GIF89a"}, tmp_path)
    with open_tree(path) as tree:
        for member in ("b/bad", "b/missing"):
            with pytest.raises(DataError) as caught:
                read_images(tree, ["000", member, "001"], (9, 8, 3), "box")
            assert str(path) in str(caught.value)
            assert member in str(caught.value)


@pytest.mark.parametrize("name", ["lanczos", "cv2-linear"])
def test_photos_are_those_of_a_plain_pillow_loop(imagenet: Path, name: str) -> None:
    with open_tree(imagenet) as tree:
        members = tree.names()[:20]
        found = read_images(tree, members, (84, 84, 3), name)
        for pixels, member in zip(found, members, strict=True):
            with Image.open(io.BytesIO(tree.read(member))) as photo:
                expected = resize(photo.convert("RGB"), (84, 84), name)
            np.testing.assert_array_equal(pixels, expected)
