"""Any damage to a document on disk is answered with one sentence, or does not matter."""

import copy
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fewbench.baselines.recipe_files import load_recipe
from fewbench.datasets.store.split_store import SplitStore
from fewbench.errors import UserError
from fewbench_tests.document_readers import KINDS

HOSTILE = st.sampled_from(
    [
        None,
        True,
        -1,
        0,
        10**30,
        2**63,
        0.5,
        1e300,
        float("nan"),
        float("inf"),
        "",
        "\x1b[31m\n\u202e<b>[red]",
        "\ud800",
        "x" * 300,
        [],
        {},
        [[[]]],
        {"a": {"b": 1}},
        [1, "a", None],
        ["a", "b"],
    ]
)
Read = Callable[[bytes], object]


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) in a document; of long lists only the ends."""
    found: list[tuple[Any, Any]] = []
    keys: list[Any] = []
    if isinstance(value, dict):
        keys = list(value)
    elif isinstance(value, list) and value:
        keys = sorted({0, len(value) - 1})
    for key in keys:
        found.append((value, key))
        found += places(value[key])
    return found


@st.composite
def damaged(draw: st.DrawFn, document: Any) -> bytes:
    """A document in which a value is dropped or changed, or whose bytes are damaged."""
    kind = draw(st.sampled_from(["change", "change", "drop", "bytes"]))
    document = copy.deepcopy(document)
    container, key = draw(st.sampled_from(places(document)))
    if kind == "change":
        container[key] = draw(HOSTILE)
    elif kind == "drop":
        del container[key]
    text = json.dumps(document)
    if kind != "bytes":
        return text.encode()
    cut = draw(st.integers(0, len(text)))
    between = draw(
        st.sampled_from([b"", b"\xff\xfe", b"[" * 5000, b'"a":1,' * 2, b"9" * 5000])
    )
    rest = draw(st.sampled_from([b"", text[cut:].encode()]))
    utf_16 = draw(st.booleans()) and draw(st.booleans())
    data = text[:cut].encode() + between + rest
    return data.decode("latin-1").encode("utf-16") if utf_16 else data


def is_answered(read: Read, data: bytes) -> None:
    """The document is read, or refused with a text that a terminal can show."""
    try:
        read(data)
    except UserError as error:
        said = str(error)
        assert said.replace("\n", "").isprintable()
        assert len(said) < 3000


@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_document_is_answered(kind: str, tmp_path: Path) -> None:
    make_reader, document = KINDS[kind]
    read = make_reader(tmp_path)

    @settings(
        max_examples=60,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(damaged(document))
    def check(data: bytes) -> None:
        is_answered(read, data)

    check()


@pytest.mark.parametrize("line", ["lr = {}", "{} = 1", "{}"])
def test_a_damaged_recipe_is_answered(tmp_path: Path, line: str) -> None:
    path = tmp_path / "a.toml"

    def read(data: bytes) -> object:
        path.write_bytes(data)
        return load_recipe(str(path))

    for word in ("nan", "[" * 5000, "9" * 5000, '"\x00"', "\xff", "lr", "{a={}}", ""):
        is_answered(read, line.format(word).encode("latin-1"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("schema_version", np.bytes_(b"1")),
        ("schema_version", np.array([1, 2])),
        ("schema_version", float("nan")),
        ("dataset", np.bytes_(b"\xff\x1b[31m")),
        ("dataset", 3),
        ("split", np.bytes_(b"\n\n")),
        ("partial", np.bytes_(b"no")),
        ("content_sha256", 7),
        ("resampling", np.array([b"a"])),
    ],
)
def test_a_damaged_attribute_is_answered(
    bars: dict[str, SplitStore], tmp_path: Path, name: str, value: Any
) -> None:
    path = tmp_path / "train.h5"

    def read(_: bytes) -> None:
        SplitStore(path).verify()

    shutil.copy(bars["train"].path, path)
    with h5py.File(path, "r+") as file:
        del file.attrs[name]
        file.attrs[name] = value
    is_answered(read, b"")
