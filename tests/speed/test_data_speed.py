"""Builds: images a second beside a plain Pillow loop, and the memory of a full-size archive."""

import io
import pickle
import shutil
import statistics
import struct
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fewbench.datasets.archives.tree import open_tree
from fewbench.datasets.images.load import read_images
from fewbench.datasets.tieredimagenet import INFO, ren_split

N_IMAGES = INFO.splits["train"].n_images


def median_of(work, rounds: int = 5) -> float:
    work()
    taken = []
    for _ in range(rounds):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)


def test_images_a_second_against_a_plain_loop(
    benchmark, say, shared_data: Path
) -> None:
    path = shared_data / "imagenet_sample" / "imagenet_full_resolution_100.zip"
    tree = open_tree(path)
    names = tree.names()

    def plain() -> None:
        with zipfile.ZipFile(path) as archive:
            for name in names:
                picture = Image.open(io.BytesIO(archive.read(name))).convert("RGB")
                np.asarray(picture.resize((84, 84), Image.Resampling.LANCZOS))

    theirs = median_of(plain)
    say("full-size JPEGs a second, plain Pillow loop, lanczos", len(names) / theirs, "")
    for resampling in ("cv2-linear", "cv2-cubic"):
        ours = median_of(
            lambda by=resampling: read_images(tree, names, (84, 84, 3), by)
        )
        say(f"full-size JPEGs a second, {resampling}", len(names) / ours, "")
    benchmark.pedantic(read_images, (tree, names, (84, 84, 3), "lanczos"), rounds=5)
    ours = benchmark.stats.stats.median
    say("full-size JPEGs a second, lanczos", len(names) / ours, "")
    say("lanczos, times as fast as the plain loop", theirs / ours, "cores")


def python_2_list(pictures: list[bytes]) -> Iterator[bytes]:
    """A list of N_IMAGES arrays as Python 2's cPickle wrote it: protocol 2, everything memoized."""
    memo = 0

    def put() -> bytes:
        nonlocal memo
        memo += 1
        return b"r" + struct.pack("<I", memo - 1)

    shared = [
        b"cnumpy.core.multiarray\n_reconstruct\n",
        b"cnumpy\nndarray\n",
        b"U\x01b",
        b"cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb",
    ]
    yield b"\x80\x02]" + put()
    for text in shared:
        yield text + put() + b"0"
    function, kind, code, dtype = (b"j" + struct.pack("<I", k) for k in range(1, 5))
    for start in range(0, N_IMAGES, 1000):
        yield b"("
        for i in range(start, min(start + 1000, N_IMAGES)):
            data = pictures[i % len(pictures)]
            yield (
                function
                + kind
                + b"K\x00\x85"
                + put()
                + code
                + b"\x87"
                + put()
                + b"R"
                + put()
            )
            yield (
                b"(K\x01J"
                + struct.pack("<i", len(data))
                + b"K\x01\x86"
                + put()
                + dtype
                + b"\x89"
            )
            yield (
                b"T" + struct.pack("<i", len(data)) + data + put() + b"t" + put() + b"b"
            )
        yield b"e"
    yield b"."


def labels() -> dict[str, object]:
    """Labels whose classes have as many images as ILSVRC2012 allows, and N_IMAGES in all."""
    ren = ren_split()
    wnids = [wnid for wnid, (split, _, _) in ren.classes.items() if split == "train"]
    counts = np.array([ren.counts[wnid][0] for wnid in wnids])
    growing = np.flatnonzero(counts < 1290)
    counts[growing] += (N_IMAGES - counts.sum()) // len(growing)
    counts[growing[: N_IMAGES - counts.sum()]] += 1
    kinds = sorted({ren.classes[wnid][1] for wnid in wnids})
    of_class = [kinds.index(ren.classes[wnid][1]) for wnid in wnids]
    return {
        "label_specific": np.repeat(np.arange(len(wnids)), counts).astype(np.int32),
        "label_general": np.repeat(of_class, counts).astype(np.int32),
        "label_specific_str": [ren.classes[wnid][2] for wnid in wnids],
        "label_general_str": dict(enumerate(kinds)),
    }


def test_peak_memory_of_a_full_size_tieredimagenet(
    benchmark, say, tmp_path: Path
) -> None:
    """448,695 PNGs of noise in one pickle: 3 GB to read, 9.5 GB to write."""
    if shutil.disk_usage(tmp_path).free < 16 * 2**30:
        pytest.skip("needs 16 GiB of disk")
    rng, pictures = np.random.default_rng(0), []
    for _ in range(500):
        buffer = io.BytesIO()
        coarse = Image.fromarray(rng.integers(0, 256, (21, 21, 3), dtype=np.uint8))
        coarse.resize((84, 84), Image.Resampling.NEAREST).save(
            buffer, "PNG", compress_level=1
        )
        pictures.append(buffer.getvalue())
    source = tmp_path / "source"
    source.mkdir()
    with (source / "train_images_png.pkl").open("wb") as file:
        file.writelines(python_2_list(pictures))
    (source / "train_labels.pkl").write_bytes(pickle.dumps(labels(), 2))
    code = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, "
        "stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL); "
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    fewbench = str(Path(sys.executable).with_name("fewbench"))
    command = [fewbench, "data", "build", "tieredimagenet", "--allow-missing"]
    command += ["--source", str(source), "--root", str(tmp_path / "root")]
    peak = 0.0

    def measure() -> None:
        nonlocal peak
        done = subprocess.run(
            [sys.executable, "-c", code, *command],
            capture_output=True,
            text=True,
            check=True,
        )
        peak = int(done.stdout) / 2**20

    benchmark.pedantic(measure, rounds=1)
    shutil.rmtree(tmp_path / "root")
    shutil.rmtree(source)
    say("full-size tieredImageNet train from its pickle, peak GiB", peak, "<= 1.0")
    say("the same, images a second", N_IMAGES / benchmark.stats.stats.median, "")
    assert peak <= 1.0
