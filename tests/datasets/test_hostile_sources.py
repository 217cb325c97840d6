"""Whatever a source holds, a build refuses it in one sentence or is whole; nothing breaks it."""

import io
import os
import pickle
import re
import shutil
import socket
import struct
import subprocess
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from fewbench_tests import imagenet_archives as world
from fewbench_tests.watched_builds import Outcome, WatchedBuilds

Write = Callable[[Path], Path]
MINI, TIERED = list(world.RAVI.numbers), list(world.REN.classes)
NAMES = {"mini": "miniimagenet", "tiered": "tieredimagenet"}
MOST_MEGABYTES = 1000  # a picture of the largest size that is read takes 600


def packed(write: Write, name: str) -> Write:
    return lambda folder: world.pack(write(folder), name)


# Form -> dataset, how it is written, and whether checksums cover all of it.
FORMS: dict[str, tuple[str, Write, bool]] = {
    "cache": ("mini", world.write_cache, False),
    "cache, protocol 0": ("mini", partial(world.write_cache, protocol=0), False),
    "cache, protocol 4": ("mini", partial(world.write_cache, protocol=4), False),
    "cache in tar.gz": ("mini", packed(world.write_cache, "m.tar.gz"), True),
    "category split": ("mini", world.write_category_split, False),
    "torchmeta arrays": ("mini", world.write_mini_groups, False),
    "images and CSVs": ("mini", world.write_named_images, False),
    "images in zip": ("mini", packed(world.write_named_images, "i.zip"), True),
    "class folders": ("mini", partial(world.write_class_folders, wnids=MINI), False),
    "tar of tars": ("mini", partial(world.write_tar_of_tars, wnids=MINI), False),
    "pickles": ("tiered", world.write_tiered_pickles, False),
    "pickles in tar": ("tiered", packed(world.write_tiered_pickles, "p.tar"), False),
    "npz": ("tiered", world.write_npz, False),
    "npz, compressed": ("tiered", partial(world.write_npz, packed=True), False),
    "torchmeta pictures": ("tiered", world.write_tiered_groups, False),
    "class folders in tar.bz2": (
        "tiered",
        packed(partial(world.write_class_folders, wnids=TIERED), "c.tar.bz2"),
        True,
    ),
}


@pytest.fixture(scope="module")
def builds() -> Iterator[WatchedBuilds]:
    with WatchedBuilds() as builds:
        yield builds


@pytest.fixture(scope="module")
def sources(
    builds: WatchedBuilds, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], tuple[Path, dict[str, Any]]]:
    """The undamaged source of a form, and the splits that it builds."""

    @cache
    def source(form: str) -> tuple[Path, dict[str, Any]]:
        dataset, write, _ = FORMS[form]
        (folder := tmp_path_factory.mktemp("form") / "source").mkdir()
        path = write(folder)
        outcome = builds.build(dataset, path, folder.parent / "root")
        assert outcome.kind == "built", outcome.text
        return path, outcome.splits

    return source


def check_refusal(outcome: Outcome, dataset: str, root: Path) -> None:
    """What is refused gets a sentence, and nothing stands under the final name."""
    assert outcome.kind == "refused", outcome.text
    assert outcome.text.isprintable(), outcome.text
    assert not re.search(r"Traceback|\w+Error\(", outcome.text)
    assert len(outcome.text) < 2000
    name = NAMES[dataset]
    assert {path.name for path in root.iterdir()} <= {
        f"{name}.partial",
    }


def check_watch(outcome: Outcome) -> None:
    """Nothing was reached outside the root, and memory stayed bounded."""
    assert outcome.kind in ("built", "refused"), outcome.text
    assert outcome.reached == []
    assert outcome.megabytes < MOST_MEGABYTES


# Damage


@dataclass(frozen=True)
class Damage:
    """What happens to a file at `place`, a part of it in millionths.

    near: of which bytes `place` is counted: all, or the first or last 2000, where headers are
    """

    kind: str
    near: str
    place: int
    data: bytes
    length: int

    def done_to(self, data: bytes) -> bytes:
        reach = len(data) if self.near == "all" else min(len(data), 2000)
        first = len(data) - reach if self.near == "last" else 0
        start = first + reach * self.place // 1_000_000
        if self.kind == "cut":
            return data[:start]
        damaged = bytearray(data)
        if self.kind == "flip":
            for i, byte in enumerate(self.data):
                damaged[(start + i * self.length) % len(data)] ^= 1 << byte % 8
        else:
            run = self.data * (self.length // len(self.data) + 1)
            damaged[start : start + self.length] = run[
                : min(self.length, len(data) - start)
            ]
        return bytes(damaged)


DAMAGES = st.builds(
    Damage,
    st.sampled_from(["cut", "flip", "overwrite", "overwrite"]),
    st.sampled_from(["all", "first", "last"]),
    st.integers(0, 999_999),
    st.one_of(st.sampled_from([b"\0", b"\xff"]), st.binary(min_size=1, max_size=12)),
    st.sampled_from([1, 2, 4, 8, 50, 3000]),
)


def copy_damaged(source: Path, target: Path, which: int, damage: Damage) -> Path:
    """A copy of a source in which one file is damaged; the others are linked."""
    files = [path for path in sorted(source.rglob("*")) if path.is_file()] or [source]
    hit = files[which % len(files)]
    for file in files:
        copy = target / file.relative_to(source.parent)
        copy.parent.mkdir(parents=True, exist_ok=True)
        if file == hit:
            copy.write_bytes(damage.done_to(file.read_bytes()))
        else:
            os.link(file, copy)
    return target / source.name


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=6)
@given(which=st.integers(0, 999), damage=DAMAGES)
def test_a_damaged_source_is_refused_or_builds_whole(
    builds: WatchedBuilds,
    sources: Callable[[str], tuple[Path, dict[str, Any]]],
    form: str,
    which: int,
    damage: Damage,
) -> None:
    source, splits = sources(form)
    dataset, _, covered = FORMS[form]
    with tempfile.TemporaryDirectory(dir=source.parent.parent) as folder:
        damaged, root = (
            copy_damaged(source, Path(folder), which, damage),
            Path(folder) / "root",
        )
        outcome = builds.build(dataset, damaged, root)
        check_watch(outcome)
        if outcome.kind == "refused":
            check_refusal(outcome, dataset, root)
        elif covered:
            assert outcome.splits == splits
        if (root / f"{NAMES[dataset]}.partial").exists():
            assert builds.build(dataset, source, root).splits == splits


# Made by hand

Refused = Callable[[str, Path, str], None]


@pytest.fixture
def refused(builds: WatchedBuilds, tmp_path: Path) -> Refused:
    """Check that a source is refused, and does no harm where incomplete ones are allowed."""

    def check(dataset: str, source: Path, match: str) -> None:
        for allow_missing in (False, True):
            root = tmp_path / f"root-{allow_missing}"
            outcome = builds.build(dataset, source, root, allow_missing=allow_missing)
            check_watch(outcome)
            if not allow_missing or outcome.kind == "refused":
                check_refusal(outcome, dataset, root)
                assert allow_missing or re.search(match, outcome.text), outcome.text

    return check


@pytest.fixture
def harmless(builds: WatchedBuilds, tmp_path: Path) -> Callable[..., None]:
    """Check that a source builds the undamaged splits in spite of what was put into it."""

    def check(dataset: str, source: Path, splits: dict[str, Any]) -> None:
        outcome = builds.build(dataset, source, tmp_path / "root")
        check_watch(outcome)
        assert outcome.splits == splits, outcome.text

    return check


# Pickles


@dataclass(frozen=True)
class Calls:
    """Something that a pickle is to call when it is loaded."""

    function: Callable[..., Any]
    args: tuple[Any, ...]
    state: Any = None

    def __reduce__(self) -> tuple[Any, ...]:
        return (self.function, self.args, self.state)[: 3 if self.state else 2]


def fake_array(
    shape: tuple[int, ...], data: bytes = b"few", dtype: Any = "u1"
) -> Calls:
    """An array of any shape whose pickle holds these bytes."""
    reduced: Any = np.zeros(1, np.uint8).__reduce__()
    return Calls(reduced[0], reduced[1], (1, shape, np.dtype(dtype), False, data))


def bomb(depth: int = 40) -> list[Any]:
    """A few bytes in a pickle, 2 ** depth values when it is unfolded."""
    value: list[Any] = [0]
    for _ in range(depth):
        value = [value, value]
    return value


CODE: dict[str, Callable[[str], Calls]] = {
    "os.system": lambda canary: Calls(os.system, (f"touch {canary}",)),
    "builtins.exec": lambda canary: Calls(exec, (f"open({canary!r}, 'w')",)),
    "builtins.eval": lambda canary: Calls(eval, (f"open({canary!r}, 'w')",)),
    "builtins.open": lambda canary: Calls(open, (canary, "w")),
    "numpy.memmap": lambda canary: Calls(np.memmap, (canary, "uint8", "w+", 0, (9,))),
    "numpy.load": lambda canary: Calls(np.load, (canary, "w+", True)),
    "subprocess": lambda canary: Calls(subprocess.Popen, (["touch", canary],)),
    "__import__": lambda _: Calls(__import__, ("antigravity",)),
}


@pytest.mark.parametrize(
    ("code", "protocol"),
    [
        *(("os.system", protocol) for protocol in (0, 2, 4)),
        *((code, (0, 2, 4)[i % 3]) for i, code in enumerate(CODE) if i),
    ],
)
def test_no_pickle_runs_anything(
    folder: Path, refused: Refused, code: str, protocol: int
) -> None:
    canary = folder.parent / "canary"
    world.write_cache(folder)
    path = folder / "mini-imagenet-cache-train.pkl"
    table = {"class_dict": {MINI[0]: [0]}, "image_data": CODE[code](str(canary))}
    path.write_bytes(pickle.dumps(table, protocol))
    refused("mini", folder, "a pickle may run code|plain values and")
    assert not canary.exists()


@pytest.mark.parametrize("name", ["train_images_png.pkl", "train_labels.pkl"])
def test_no_pickle_of_the_other_dataset_does(
    folder: Path, refused: Refused, name: str
) -> None:
    canary = folder.parent / "canary"
    world.write_tiered_pickles(folder)
    (folder / name).write_bytes(pickle.dumps(CODE["os.system"](str(canary))))
    refused("tiered", folder, "A pickle may run code")
    assert not canary.exists()


OPCODES = {
    "persistent id": b"\x80\x02Pid\n.",
    "binary persistent id": b"\x80\x02K\x01Q.",
    "extension": b"\x80\x02\x82\x01.",
    "instance": b"(S'true'\nios\nsystem\n.",
    "new object": b"\x80\x02cos\nsystem\n)\x81.",
    "out-of-band buffer": b"\x80\x05\x97.",
    "unknown": b"\x80\x02\xff.",
    "protocol": b"\x80\x63}.",
    "no end": b"\x80\x02}",
    "no value": b"\x80\x02.",
    "a mark": b"\x80\x02(.",
    "marks": b"\x80\x02" + b"(" * 100_000 + b".",
    "nesting": b"\x80\x02" + b"]" * 100_000 + b"a" * 99_999 + b".",
    "long string": b"\x80\x02T\xff\xff\xff\x7f.",
    "negative string": b"\x80\x02T\xff\xff\xff\xff.",
    "endless number": b"L" + b"9" * 100_000 + b"L\n.",
    "memo": b"\x80\x02j\xff\xff\xff\xff.",
    "text": b"\x80\x04\x8d" + struct.pack("<Q", 2**62) + b".",
}


@pytest.mark.parametrize("opcodes", OPCODES.values(), ids=OPCODES)
def test_no_opcode_breaks_a_build(
    folder: Path, refused: Refused, opcodes: bytes
) -> None:
    world.write_cache(folder)
    (folder / "mini-imagenet-cache-train.pkl").write_bytes(opcodes)
    refused("mini", folder, r"cache-train\.pkl: cannot read the pickle at byte")


ROWS = {
    wnid: list(range(4 * i, 4 * i + 4))
    for i, wnid in enumerate(world.mini_arrays("train"))
}
PIXELS = np.zeros((12, 84, 84, 3), np.uint8)
LABELS = np.repeat([0, 1, 2], 4).tolist()
IMAGES: dict[str, tuple[Any, str]] = {
    "None": (None, "expected uint8 images"),
    "list": ([1, 2], "expected uint8 images"),
    "text": ("x" * 300, "expected uint8 images"),
    "nested": (bomb(), "expected uint8 images"),
    "objects": (np.full(12, None), "cannot read the pickle"),
    "records": (np.zeros(12, [("a", "u1")]), "cannot read the pickle"),
    "bytes": (np.zeros(12, "S9"), "cannot read the pickle"),
    "dates": (np.zeros(12, "M8[s]"), "cannot read the pickle"),
    "floats": (
        PIXELS.astype(np.float32),
        "expected uint8 images of shape .* got float32",
    ),
    "one image": (PIXELS[0], "expected uint8 images of shape"),
    "scalar": (np.array(3), "expected uint8 images of shape"),
    "huge": (fake_array((2**40, 84, 84, 3)), "cannot read the pickle"),
    "overflowing": (fake_array((2**62, 2**62, 84, 3)), "cannot read the pickle"),
    "negative": (fake_array((-12, 84, -84, 3)), "cannot read the pickle"),
    "dimensions": (fake_array((1,) * 100, b"x"), "cannot read the pickle"),
    "too short": (fake_array((12, 84, 84, 3)), "cannot read the pickle"),
    "empty": (
        fake_array((0, 84, 84, 3), b""),
        "row numbers that repeat or point outside",
    ),
}
NUMBERS: dict[str, tuple[Any, str]] = {
    "None": (None, "expected a list of whole numbers|expected one labels"),
    "text": ("0123", "expected a list of whole numbers"),
    "nested": (bomb(), "expected a list of whole numbers"),
    "dict": ({0: 0}, "expected a list of whole numbers"),
    "floats": ([0.0, 1.0, float("nan"), 3.0], "expected a list of whole numbers"),
    "float array": (np.arange(4.0), "expected a list of whole numbers"),
    "huge": ([0, 1, 2, 2**70], "expected a list of whole numbers"),
    "truths": ([True, False, True, True], "expected a list of whole numbers"),
    "huge array": (fake_array((2**40,), dtype="i8"), "cannot read the pickle"),
    "negative": ([-1, 1, 2, 3], "row numbers that repeat|labels|is not this dataset"),
    "outside": ([0, 1, 2, 2**62], "row numbers that repeat|labels|is not this dataset"),
    "none": ([], "expected 4 images, found 0|expected one labels|is not this dataset"),
}


@pytest.mark.parametrize(("images", "match"), IMAGES.values(), ids=IMAGES)
def test_wrong_images_in_a_pickle_are_refused(
    folder: Path, refused: Refused, images: Any, match: str
) -> None:
    world.write_cache(folder)
    table = {"image_data": images, "class_dict": ROWS}
    world.dump(folder / "mini-imagenet-cache-train.pkl", table, 2)
    refused("mini", folder, match)


@pytest.mark.parametrize(("rows", "match"), NUMBERS.values(), ids=NUMBERS)
def test_wrong_rows_in_a_pickle_are_refused(
    folder: Path, refused: Refused, rows: Any, match: str
) -> None:
    world.write_cache(folder)
    table = {"image_data": PIXELS, "class_dict": ROWS | {next(iter(ROWS)): rows}}
    world.dump(folder / "mini-imagenet-cache-train.pkl", table, 2)
    refused("mini", folder, match)


@pytest.mark.parametrize(
    "rows", [None, [], {}, {1: [1]}, {"n": 0}, {"x\n" * 99: [0]}, bomb()]
)
def test_a_table_of_no_classes_is_refused(
    folder: Path, refused: Refused, rows: Any
) -> None:
    world.write_cache(folder)
    table = {"image_data": PIXELS, "class_dict": rows}
    world.dump(folder / "mini-imagenet-cache-train.pkl", table, 2)
    refused("mini", folder, "is not this dataset|expected a list of whole numbers")


@pytest.mark.parametrize("stated", [True, False])
@pytest.mark.parametrize(("labels", "match"), NUMBERS.values(), ids=NUMBERS)
def test_wrong_labels_of_a_category_split_are_refused(
    folder: Path, refused: Refused, labels: Any, match: str, stated: bool
) -> None:
    world.write_category_split(folder)
    table = {"data": PIXELS, "labels": labels}
    table |= {"catname2label": dict.fromkeys(ROWS, 7)} if stated else {}
    world.dump(
        folder / "miniImageNet_category_split_train_phase_train.pickle", table, 2
    )
    refused("mini", folder, match if stated else f"{match}|expected names, or 3 labels")


@pytest.mark.parametrize(
    "stated", [None, [1], {"x": None}, {1: 1}, {MINI[0]: bomb()}, bomb()]
)
def test_labels_with_wrong_names_are_refused(
    folder: Path, refused: Refused, stated: Any
) -> None:
    world.write_category_split(folder)
    table = {"data": PIXELS, "labels": list(range(100_000)), "catname2label": stated}
    world.dump(
        folder / "miniImageNet_category_split_train_phase_train.pickle", table, 2
    )
    refused(
        "mini", folder, "is not this dataset|expected names, or 3 labels.*, got 100000"
    )


WORDS = world.tiered_labels("train")["label_specific_str"]
TIERED_LABELS: dict[str, tuple[dict[str, Any], str]] = {
    **{
        f"ids, {key}": ({"label_specific": value}, match)
        for key, (value, match) in NUMBERS.items()
    },
    "ids, negative everywhere": (
        {"label_specific": np.full(36, -1)},
        "expected labels from 0 to",
    ),
    "ids, huge everywhere": (
        {"label_specific": [2**62] * 36},
        "expected labels from 0 to",
    ),
    "ids, all the same": ({"label_specific": [0] * 36}, "wrong categories"),
    "categories, none": ({"label_general": []}, "expected 36 categories.*got 0"),
    "categories, nested": (
        {"label_general": bomb()},
        "expected a list of whole numbers",
    ),
    "categories, wrong": ({"label_general": [2**62] * 36}, "wrong categories"),
    "names, None": ({"label_specific_str": None}, "class names: expected a list"),
    "names, nested": ({"label_specific_str": bomb()}, "class names: expected a list"),
    "names, number": ({"label_specific_str": 5}, "class names: expected a list"),
    "names, too few": ({"label_specific_str": WORDS[:2]}, "expected labels from 0 to"),  # pyright: ignore[reportIndexIssue]
    "names, twice": ({"label_specific_str": [WORDS[0], *WORDS]}, "mean the same class"),  # pyright: ignore[reportIndexIssue, reportGeneralTypeIssues]
    "names, other": (
        {"label_specific_str": ["\x1b[2J\n" * 99] * 4},
        "is none of tiered",
    ),
}


@pytest.mark.parametrize(("change", "match"), TIERED_LABELS.values(), ids=TIERED_LABELS)
def test_wrong_labels_are_refused(
    folder: Path, refused: Refused, change: dict[str, Any], match: str
) -> None:
    world.write_tiered_pickles(folder)
    world.dump(folder / "train_labels.pkl", world.tiered_labels("train") | change, 2)
    refused("tiered", folder, match)


PICTURES: dict[str, tuple[Any, str]] = {
    "None": (None, "expected a known layout of tieredimagenet"),
    "a number": (7, "expected a known layout of tieredimagenet"),
    "nested": (bomb(), "expected a known layout of tieredimagenet"),
    "text": ("\x89PNG\r\n", "expected a known layout of tieredimagenet"),
    "nothing": (np.zeros(0, np.uint8), "expected a PNG, got only 0 bytes"),
    "floats": (np.zeros(999), "expected a PNG"),
    "large": (
        np.zeros(2**21, np.uint8),
        "PNG of at most 1,048,576 bytes, got 2,097,152",
    ),
}


@pytest.mark.parametrize(("picture", "match"), PICTURES.values(), ids=PICTURES)
def test_wrong_pictures_in_a_pickle_are_refused(
    folder: Path, refused: Refused, picture: Any, match: str
) -> None:
    world.write_tiered_pickles(folder)
    pictures = [np.frombuffer(world.png(PIXELS[0]), np.uint8)] * 35
    for split in world.SPLITS:
        world.dump(folder / f"{split}_images_png.pkl", [*pictures, picture], 2)
    refused("tiered", folder, match)


# .npz


def npy(
    shape: str = "(36, 84, 84, 3)",
    order: str = "False",
    descr: str = "'|u1'",
    size: int = 762_048,
) -> bytes:
    """An .npy file with this header and `size` zeros."""
    header = (
        f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}".encode()
    )
    return b"\x93NUMPY\x01\0" + struct.pack("<H", len(header)) + header + bytes(size)


def npz(data: bytes, name: str = "images.npy", **attributes: Any) -> bytes:
    """An .npz file of one member, whose record in the directory has the given attributes."""
    member = zipfile.ZipInfo(name)
    member.compress_type = attributes.pop("method", zipfile.ZIP_STORED)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(member, data)
        for key, value in attributes.items():
            setattr(member, key, value)
    return buffer.getvalue()


def of_objects() -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=True, images=np.full(36, None, object))  # pyright: ignore[reportArgumentType]
    return buffer.getvalue()


ARRAYS: dict[str, tuple[bytes, str]] = {
    "objects": (of_objects(), "expected a plain array in C order"),
    "declared objects": (npz(npy(descr="'|O'")), "expected a plain array in C order"),
    "Fortran order": (npz(npy(order="True")), "plain array in C order, got Fortran"),
    "scalar": (npz(npy("()")), "expected a plain array in C order"),
    "huge": (npz(npy(f"({2**50}, 84, 84, 3)")), "damaged or truncated"),
    "overflowing": (
        npz(npy(f"({2**62}, {2**62}, {2**62}, 3)")),
        "damaged or truncated",
    ),
    "negative": (npz(npy("(-36, 84, 84, 3)")), "damaged or truncated"),
    "twice negative": (npz(npy("(-36, -84, 84, 3)")), "expected uint8 images|damaged"),
    "empty": (npz(npy("(0, 84, 84, 3)")), "expected one labels pickle with 0 labels"),
    "truth": (
        npz(npy("(True, 84, 84, 3)")),
        "expected one labels pickle with 1 labels",
    ),
    "floats": (
        npz(npy(descr="'<f8'", size=2**23)),
        "expected uint8 images .* got float64",
    ),
    "no width": (npz(npy(descr="'|V0'")), "expected uint8 images"),
    "wide": (npz(npy(descr="'|S2000000000'")), "damaged or truncated"),
    "records": (
        npz(npy(descr="[('a', '|u1'), ('b', '|O')]")),
        "expected a plain array in C order",
    ),
    "short": (npz(npy(size=1000)), "damaged or truncated"),
    "code": (npz(npy("__import__('os').system('true')")), "expected a .npy array"),
    "nesting": (npz(npy("(" * 5000)), "expected a .npy array"),
    "brackets": (npz(npy("[" * 90 + "]" * 90)), "expected a .npy array"),
    "long header": (npz(npy("(1,) " + " " * 60_000)), "expected a .npy array"),
    "unclosed": (npz(npy("(1, '")), "expected a .npy array"),
    "version": (npz(b"\x93NUMPY\x09\x09" + bytes(99)), "expected a .npy array"),
    "huge header": (npz(b"\x93NUMPY\x02\0\xff\xff\xff\xff"), "expected a .npy array"),
    "pickle": (npz(pickle.dumps(bomb())), "expected a .npy array"),
    "other member": (
        npz(npy(), "pictures.npy"),
        "train: expected 4 classes .* found 0",
    ),
    "path": (npz(npy(), "../../images.npy"), "train: expected 4 classes .* found 0"),
    "bomb": (
        npz(npy() + bytes(2**24), method=zipfile.ZIP_DEFLATED),
        "decompression bomb",
    ),
    "bzip2": (npz(npy(), method=zipfile.ZIP_BZIP2), "compression method 12"),
    "lzma": (npz(npy(), method=zipfile.ZIP_LZMA), "compression method 14"),
    "encrypted": (npz(npy(), flag_bits=1), "expected an .npz file"),
    "checksum": (npz(npy(), CRC=1), "expected an .npz file"),
    "size": (npz(npy(), file_size=2**40), "compression method 0|damaged"),
    "place": (npz(npy(), header_offset=99), "expected an .npz file"),
    "cut": (npz(npy())[:-30], "expected an .npz file"),
}


@pytest.mark.parametrize(("data", "match"), ARRAYS.values(), ids=ARRAYS)
def test_no_npz_breaks_a_build(
    folder: Path, refused: Refused, data: bytes, match: str
) -> None:
    world.write_npz(folder)
    (folder / "train_images.npz").write_bytes(data)
    refused("tiered", folder, match)


# HDF5

Group = h5py.Group
FIRST = next(iter(ROWS))
GIGABYTES = 100 * 2**30


def elsewhere(group: Group, name: str) -> Path:
    """A file beside the source, with images under `name`."""
    path = Path(group.file.filename).parent.parent / "elsewhere.h5"
    with h5py.File(path, "w") as file:
        file[name] = PIXELS[:4]
    return path


def external_storage(group: Group) -> None:
    path = elsewhere(group, "x")
    group.create_dataset(FIRST, (4, 84, 84, 3), "u1", external=[(path, 0, 84_672)])


def virtual(group: Group) -> None:
    layout = h5py.VirtualLayout((4, 84, 84, 3), "u1")
    layout[:] = h5py.VirtualSource(elsewhere(group, "x"), "x", (4, 84, 84, 3))
    group.create_virtual_dataset(FIRST, layout)


def compressed_bomb(group: Group) -> None:
    shape, chunk = (GIGABYTES // 21168, 84, 84, 3), (2000, 84, 84, 3)
    found = group.create_dataset(FIRST, shape, "u1", chunks=chunk, compression="gzip")
    found.id.write_direct_chunk((0, 0, 0, 0), zlib.compress(bytes(2000 * 21168)))


def references(group: Group) -> None:
    group[FIRST] = np.array([group.ref] * 4, h5py.ref_dtype)


def pictures_of(group: Group, name: str, *, inner: Any = np.uint8, n: int = 9) -> None:
    found = group.create_dataset(name, (n,), h5py.vlen_dtype(inner))
    for i in range(n):
        found[i] = np.frombuffer(world.png(PIXELS[0]), np.uint8)


def put(value: Any) -> Callable[[Group], None]:
    return lambda group: group.__setitem__(FIRST, value)


def huge(group: Group) -> None:
    group.create_dataset(FIRST, (2**50, 84, 84, 3), "u1")


GROUPS: dict[str, tuple[Callable[[Group], object], str]] = {
    "external link": (
        lambda group: put(h5py.ExternalLink(elsewhere(group, "x"), "x"))(group),
        "missing or stored outside the file",
    ),
    "soft link": (
        put(h5py.SoftLink("/datasets/other")),
        "missing or stored outside the file",
    ),
    "endless link": (
        put(h5py.SoftLink(f"/datasets/{FIRST}")),
        "missing or stored outside",
    ),
    "external storage": (external_storage, "missing or stored outside the file"),
    "virtual": (virtual, "missing or stored outside the file"),
    "huge": (huge, "all bytes in one place, got chunks or no data"),
    "never written": (
        lambda group: group.create_dataset(FIRST, (4, 84, 84, 3), "u1"),
        "all bytes in one place, got chunks or no data",
    ),
    "compressed bomb": (
        compressed_bomb,
        "all bytes in one place, got chunks or no data",
    ),
    "references": (references, "expected bytes or encoded images"),
    "text": (put(["some", "text"]), "expected bytes or encoded images"),
    "floats": (put(np.zeros((4, 84, 84, 3))), "expected bytes or encoded images"),
    "records": (put(np.zeros(4, [("a", "u1")])), "expected bytes or encoded images"),
    "scalar": (put(np.uint8(7)), "expected bytes or encoded images"),
    "null": (
        put(h5py.Empty("u1")),
        "expected bytes or encoded images|cannot be read as HDF5",
    ),
    "group": (
        lambda group: group.create_group(FIRST),
        "missing or stored outside the file",
    ),
    "cycle": (lambda group: put(group)(group), "missing or stored outside the file"),
    "type": (put(np.dtype("u1")), "missing or stored outside the file"),
    "numbers": (
        lambda group: pictures_of(group, FIRST, inner=np.int32),
        "expected bytes or encoded images",
    ),
    "short": (
        put(PIXELS[:2]),
        "expected 4 images, found 2|is none of tieredImageNet's",
    ),
}


def write_groups(folder: Path, dataset: str, fill: Callable[[Group], object]) -> None:
    """torchmeta's HDF5, of which the first class of train is made by `fill`."""
    {"mini": world.write_mini_groups, "tiered": world.write_tiered_groups}[dataset](
        folder
    )
    with h5py.File(folder / "train_data.hdf5", "r+") as file:
        group: Any = file["datasets"]
        del group[FIRST if dataset == "mini" else WORDS[0]]  # pyright: ignore[reportIndexIssue]
        fill(group)


@pytest.mark.parametrize(
    ("dataset", "fill", "match"),
    [(("mini", "tiered")[i % 2], *made) for i, made in enumerate(GROUPS.values())],
    ids=GROUPS,
)
def test_no_hdf5_breaks_a_build(
    folder: Path,
    refused: Refused,
    dataset: str,
    fill: Callable[[Group], object],
    match: str,
) -> None:
    write_groups(folder, dataset, fill)
    refused(dataset, folder, match)


@pytest.mark.parametrize(
    "link",
    [h5py.SoftLink("/other"), h5py.ExternalLink("elsewhere.h5", "/"), np.zeros(4)],
)
def test_the_group_of_classes_is_in_the_file_itself(
    folder: Path, refused: Refused, link: Any
) -> None:
    world.write_mini_groups(folder)
    with h5py.File(folder / "train_data.hdf5", "r+") as file:
        file.move("datasets", "other")
        file["datasets"] = link
    refused("mini", folder, "`datasets`: expected a group in the file itself")


def test_addresses_in_an_hdf5_file_are_as_torchmeta_has_them(
    folder: Path, refused: Refused
) -> None:
    world.write_mini_groups(folder)
    plist = h5py.h5p.create(h5py.h5p.FILE_CREATE)
    plist.set_sizes(4, 4)
    path = folder / "train_data.hdf5"
    with h5py.File(h5py.h5f.create(bytes(path), h5py.h5f.ACC_TRUNC, plist)) as file:
        for wnid, images in world.mini_arrays("train").items():
            file[f"datasets/{wnid}"] = images
    refused("mini", folder, "addresses of 4 and lengths of 4 bytes")


# Where in a global heap: of the collection, or of its object number i; and what is put there.
HEAPS: dict[str, tuple[int, bytes]] = {
    "signature": (0, b"GCOX"),
    "version": (4, b"\x09"),
    "size": (8, bytes(8)),
    "huge size": (8, b"\xff" * 8),
    "number of the first": (16, b"\x07"),
    "empty first": (24, bytes(8)),
    "huge first": (24, b"\xff" * 7),
    "zeros": (16, bytes(40_000)),
}


@pytest.mark.parametrize(("place", "data"), HEAPS.values(), ids=HEAPS)
def test_no_heap_of_an_hdf5_file_breaks_a_build(
    folder: Path, refused: Refused, place: int, data: bytes
) -> None:
    """HDF5 itself hangs on the last of these, and on some others."""
    world.write_tiered_groups(folder)
    path = folder / "train_data.hdf5"
    damaged = bytearray(path.read_bytes())
    start = damaged.index(b"GCOL") + place
    damaged[start : start + len(data)] = data
    path.write_bytes(damaged)
    refused(
        "tiered", folder, r"value \d+: expected .* in the heap|damaged or truncated"
    )


def test_damage_in_the_headers_of_an_hdf5_file_breaks_nothing(
    folder: Path, builds: WatchedBuilds
) -> None:
    """Zeros and ones all over what HDF5 reads: superblock, groups, object headers."""
    world.write_mini_groups(folder)
    path = folder / "val_data.hdf5"
    good = path.read_bytes()
    pixels = good.index(next(iter(world.mini_arrays("val").values())).tobytes())
    for number, place in enumerate(range(0, pixels, 56)):
        path.write_bytes(
            good[:place] + bytes([number % 2 * 255] * 8) + good[place + 8 :]
        )
        root = folder.parent / f"root-{place}"
        outcome = builds.build("mini", folder, root)
        check_watch(outcome)
        if outcome.kind == "refused":
            check_refusal(outcome, "mini", root)
        shutil.rmtree(root)


# Lists and pictures


def sparse(path: Path, size: int) -> None:
    """One line of zeros that takes no room on the disk."""
    with path.open("wb") as file:
        file.truncate(size)


LISTS: dict[str, Callable[[Path], object]] = {
    "nulls": lambda path: path.write_bytes(b"filename,label\n\0\0\0,\0\n"),
    "an endless line": lambda path: sparse(path, 10**9),
    "a long line": lambda path: path.write_bytes(b"x" * 2**22),
    "lines": lambda path: path.write_bytes(b"\n" * 2**22),
    "quotes": lambda path: path.write_bytes(b'filename,label\n"' * 1000),
    "no text": lambda path: path.write_bytes(b"filename,label\n\xff\xfe\x80"),
    "wide text": lambda path: path.write_bytes("filename,label\n".encode("utf-16")),
    "separators": lambda path: path.write_text("filename,label\x1c\x85\u2028x"),
    "deep": lambda path: path.write_bytes(b"[" * 2**20),
    "a link to itself": lambda path: path.symlink_to(path),
}


@pytest.mark.parametrize("name", ["train.csv", "class_names.txt", "conversion.json"])
@pytest.mark.parametrize("write", LISTS.values(), ids=LISTS)
def test_no_list_breaks_a_build(
    folder: Path,
    builds: WatchedBuilds,
    sources: Callable[[str], tuple[Path, dict[str, Any]]],
    write: Callable[[Path], object],
    name: str,
) -> None:
    form = "pickles" if name == "class_names.txt" else "images and CSVs"
    source, splits = sources(form)
    shutil.copytree(source, folder, dirs_exist_ok=True, copy_function=os.link)
    (folder / "synsets.txt").write_text("n01532829\n")
    (folder / name).unlink(missing_ok=True)
    write(folder / name)
    dataset, root = FORMS[form][0], folder.parent / "root"
    outcome = builds.build(dataset, folder, root)
    check_watch(outcome)
    if outcome.kind == "refused":
        check_refusal(outcome, dataset, root)
    else:
        assert outcome.splits == splits


def jpeg_of(width: int, height: int) -> bytes:
    """A picture whose header declares another size."""
    data = bytearray(world.jpeg(FIRST, 0))
    struct.pack_into(">HH", data, data.index(b"\xff\xc0") + 5, height, width)
    return bytes(data)


def png_of(width: int, height: int, *chunks: tuple[bytes, bytes]) -> bytes:
    """A picture that declares a size and has these chunks."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n"
    for kind, content in ((b"IHDR", head), *chunks, (b"IEND", b"")):
        crc = zlib.crc32(kind + content)
        data += (
            struct.pack(">I4s", len(content), kind) + content + struct.pack(">I", crc)
        )
    return data


def picture(kind: str) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (84, 84)).save(buffer, kind)
    return buffer.getvalue()


BAD_PICTURES: dict[str, bytes] = {
    "nothing": b"",
    "huge JPEG": jpeg_of(65_500, 65_500),
    "flat JPEG": jpeg_of(84, 0),
    "huge PNG": png_of(2**31 - 1, 2**31 - 1, (b"IDAT", zlib.compress(b"x"))),
    "large PNG": png_of(8_000, 8_000, (b"IDAT", zlib.compress(b"x"))),
    "flat PNG": png_of(0, 84, (b"IDAT", zlib.compress(b"x"))),
    "empty PNG": png_of(84, 84),
    "length of a chunk": b"\x89PNG\r\n\x1a\n\xff\xff\xff\xffIHDR",
    "GIF": picture("GIF"),
    "TIFF": picture("TIFF"),
    "BMP": picture("BMP"),
    "PDF": picture("PDF"),
    "EPS": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 84 84\n(x) run\n",
    "SVG": b'<svg xmlns="http://www.w3.org/2000/svg"><image href="/etc/passwd"/></svg>',
    "zeros": bytes(10_000),
}


@pytest.mark.parametrize("data", BAD_PICTURES.values(), ids=BAD_PICTURES)
def test_no_picture_breaks_a_build(
    folder: Path,
    refused: Refused,
    sources: Callable[[str], tuple[Path, Any]],
    data: bytes,
) -> None:
    shutil.copytree(
        sources("class folders")[0], folder, dirs_exist_ok=True, copy_function=os.link
    )
    path = folder / "train" / FIRST / world.file_names(FIRST)[2]
    path.unlink()
    path.write_bytes(data)
    refused(
        "mini", folder, rf"{path.name}: cannot decode: expected an intact PNG or JPEG"
    )


def test_a_picture_that_lies_about_its_size_takes_bounded_memory(
    folder: Path, builds: WatchedBuilds, sources: Callable[[str], tuple[Path, Any]]
) -> None:
    shutil.copytree(
        sources("class folders")[0], folder, dirs_exist_ok=True, copy_function=os.link
    )
    path = folder / "train" / FIRST / world.file_names(FIRST)[2]
    path.unlink()
    path.write_bytes(jpeg_of(8_000, 8_000))
    check_watch(builds.build("mini", folder, folder.parent / "root"))


def segment(marker: int, data: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data


ASIDES: dict[str, bytes] = {
    "comment": segment(0xFE, b"x" * 65_000),
    "comments": segment(0xFE, b"") * 9_999,
    "EXIF": segment(0xE1, b"Exif\0\0II*\0\xff\xff\xff\xff" + b"\xff" * 999),
    "endless EXIF": segment(0xE1, b"Exif\0\0II*\0\x08\0\0\0\x00\x00\x08\0\0\0"),
    "profile": segment(0xE2, b"ICC_PROFILE\0\1\1" + b"x" * 999),
    "Photoshop": segment(0xED, b"Photoshop 3.0\x008BIM\x03\xed\0\0\xff\xff\xff\xff"),
    "more pictures": segment(0xE2, b"MPF\0II*\0\xff\xff\xff\xff"),
    "resolution": segment(0xE0, b"JFIF\0\1\2\1\0\0\0\0\0\0"),
}


@pytest.mark.parametrize("aside", ASIDES.values(), ids=ASIDES)
def test_what_a_picture_says_beside_its_pixels_is_left_alone(
    folder: Path,
    harmless: Callable[..., None],
    sources: Callable[[str], tuple[Path, dict[str, Any]]],
    aside: bytes,
) -> None:
    source, splits = sources("class folders")
    shutil.copytree(source, folder, dirs_exist_ok=True, copy_function=os.link)
    path = folder / "train" / FIRST / world.file_names(FIRST)[2]
    data = path.read_bytes()
    path.unlink()
    path.write_bytes(data[:2] + aside + data[2:])
    harmless("mini", folder, splits)


# Names and kinds of files

STRANGE = [
    "a\nb",
    "\x1b[2J",
    "\u00e9\u202e",
    "x" * 240,
    " ",
    "-rf",
    "a b",
    "%s{0}",
    "\udcff",
]


@pytest.mark.parametrize("name", STRANGE)
def test_strange_names_in_a_folder_are_left_alone_or_named(
    folder: Path,
    harmless: Callable[..., None],
    refused: Refused,
    sources: Callable[[str], tuple[Path, dict[str, Any]]],
    name: str,
) -> None:
    source, splits = sources("class folders")
    shutil.copytree(source, folder, dirs_exist_ok=True, copy_function=os.link)
    (folder / name).write_text("nothing")
    (folder / f"{name}.txt").write_text("nothing")
    (folder / f"{name}.d").mkdir()
    harmless("mini", folder, splits)
    place = folder / "train" / FIRST
    (place / world.file_names(FIRST)[2]).rename(place / f"{name}_30.JPEG")
    refused(
        "mini",
        folder,
        "expected 9 images as in ILSVRC2012, found 8|are not those in the split list",
    )
    (folder / f"{name}.pkl").write_text("<html>")
    refused("mini", folder, "expected data, got a web page")


@pytest.mark.parametrize("name", STRANGE[:3] + STRANGE[-1:])
@pytest.mark.parametrize("kind", ["tar", "zip", "tar of tars"])
def test_strange_names_in_an_archive_are_refused(
    folder: Path, refused: Refused, kind: str, name: str
) -> None:
    files = {f"n/{name}.txt": b"nothing"}
    files |= {
        f"{FIRST}/{name if k == 3 else ''}{old}": world.jpeg(FIRST, k)
        for k, old in enumerate(world.file_names(FIRST))
    }
    refused(
        "mini", archive_of(folder, kind, files), "class n|cannot be read|cannot read"
    )


OUTSIDE = [
    "../evil",
    "a/../../evil",
    "{root}/evil",
    "a/./b/../evil",
    "a\\..\\..\\evil",
    "C:/evil",
    "a//b",
]


@pytest.mark.parametrize("name", OUTSIDE)
@pytest.mark.parametrize("kind", ["tar", "zip", "tar of tars"])
def test_names_that_lead_outside_are_refused(
    folder: Path, refused: Refused, kind: str, name: str
) -> None:
    name = name.format(root=folder.parent)
    files = {f"{FIRST}/{old}": world.jpeg(FIRST, 0) for old in world.file_names(FIRST)}
    source = archive_of(folder, kind, files | {name: world.jpeg(FIRST, 0)})
    refused("mini", source, "expected a relative path of plain names")
    assert not list(folder.parent.rglob("*evil*"))


def archive_of(folder: Path, kind: str, files: dict[str, bytes]) -> Path:
    """A tar, a zip, or a tar in which the files are those of a class."""
    path = folder / f"a.{kind[:3]}"
    if kind == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in files.items():
                archive.writestr(name.encode("utf-8", "replace").decode(), data)
        return path
    inner = io.BytesIO()
    with tarfile.open(fileobj=inner, mode="w") as archive:
        for name, data in files.items():
            world.add(archive, name, data)
    path.write_bytes(inner.getvalue())
    if kind == "tar of tars":
        with tarfile.open(path, "w") as archive:
            world.add(archive, f"{FIRST}.tar", inner.getvalue())
    return path


def in_tar(kind: bytes, **attributes: Any) -> bytes:
    """A tar with one member of a kind that is no file."""
    member = tarfile.TarInfo(f"{FIRST}.tar")
    member.type = kind
    for key, value in attributes.items():
        setattr(member, key, value)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(member)
    return buffer.getvalue()


def tar_of(data: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        world.add(archive, f"{FIRST}.tar", data)
    return buffer.getvalue()


TARS: dict[str, tuple[bytes, str]] = {
    "symbolic link": (
        in_tar(tarfile.SYMTYPE, linkname="/etc/passwd"),
        "a symbolic link",
    ),
    "hard link": (in_tar(tarfile.LNKTYPE, linkname="/etc/passwd"), "a hard link"),
    "device": (in_tar(tarfile.CHRTYPE, devmajor=1, devminor=5), "a device"),
    "pipe": (in_tar(tarfile.FIFOTYPE), "a named pipe"),
    "sparse": (in_tar(tarfile.GNUTYPE_SPARSE), "a sparse file"),
    "no tar inside": (
        tar_of(b"x" * 5000),
        "expected a tar file, got a file that starts with",
    ),
    "empty inside": (tar_of(b""), "expected a tar file, got an empty file"),
    "packed inside": (tar_of(zlib.compress(b"")), "expected a tar file"),
    "tar in tar in tar": (
        tar_of(tar_of(tar_of(b""))),
        f"class {MINI[0]} is missing|expected a known layout",
    ),
    "huge": (in_tar(tarfile.REGTYPE, size=2**60), "truncated or damaged"),
}


@pytest.mark.parametrize(("data", "match"), TARS.values(), ids=TARS)
def test_no_tar_breaks_a_build(
    folder: Path, refused: Refused, data: bytes, match: str
) -> None:
    (folder / "ILSVRC2012_img_train.tar").write_bytes(data)
    refused("mini", folder, match)


def listening(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))


SPECIAL: dict[str, Callable[[Path], object]] = {
    "pipe": os.mkfifo,
    "socket": listening,
    "device": lambda path: path.symlink_to("/dev/zero"),
    "link to a file outside": lambda path: path.symlink_to("/etc/passwd"),
    "link to a folder outside": lambda path: path.symlink_to("/etc"),
    "link to its folder": lambda path: path.symlink_to("."),
    "link to nothing": lambda path: path.symlink_to("nothing"),
    "link to itself": lambda path: path.symlink_to(path.name),
}


@pytest.mark.parametrize(
    "name", ["a", f"train/{FIRST}/{FIRST}_1.JPEG", "b.pkl", "c.tar"]
)
@pytest.mark.parametrize("make", SPECIAL.values(), ids=SPECIAL)
def test_what_is_no_file_is_refused(
    folder: Path,
    refused: Refused,
    sources: Callable[[str], tuple[Path, Any]],
    monkeypatch: pytest.MonkeyPatch,
    make: Callable[[Path], object],
    name: str,
) -> None:
    shutil.copytree(
        sources("class folders")[0], folder, dirs_exist_ok=True, copy_function=os.link
    )
    monkeypatch.chdir((folder / name).parent)  # a socket's path is short
    make(Path(Path(name).name))
    refused("mini", folder, "expected a file|Too many levels of symbolic links")


@pytest.mark.parametrize("make", SPECIAL.values(), ids=SPECIAL)
def test_a_source_that_is_no_file_is_refused(
    folder: Path,
    refused: Refused,
    monkeypatch: pytest.MonkeyPatch,
    make: Callable[[Path], object],
) -> None:
    monkeypatch.chdir(folder)
    make(Path("a.tar"))
    refused(
        "mini", folder, "cannot open|cannot be read|cannot read|expected a known layout"
    )
    refused(
        "mini",
        folder / "a.tar",
        "cannot open|cannot be read|cannot read|expected a known layout",
    )


@pytest.mark.parametrize("name", ["", "missing", "x" * 300])
def test_a_source_that_is_nothing_is_refused(
    folder: Path, refused: Refused, name: str
) -> None:
    refused("tiered", folder / name, "expected a known layout|cannot open|cannot read")


def test_a_class_in_two_files_is_refused(folder: Path, refused: Refused) -> None:
    world.write_cache(folder)
    path = folder / "mini-imagenet-cache-val.pkl"
    shutil.copy(path, folder / "mini-imagenet-cache-validation.pkl")
    refused("mini", folder, "class n.* is in two of its files")
