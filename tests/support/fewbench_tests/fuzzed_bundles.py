"""Bundles that are damaged at random: their zip, their JSON and their arrays."""

import io
import json
import zipfile
from collections.abc import Callable
from random import Random
from typing import Any

import numpy as np

from fewbench.reports.result_document import canonical_sha256, document_sha256
from fewbench.reports.result_files import array_sha256

from .made_bundles import Files, sealed, zip_of

VALUES: list[Any] = [
    None,
    True,
    -1,
    0,
    1,
    255,
    2**31 - 1,
    2**63,
    10**30,
    0.5,
    1e300,
    "",
    " ",
    "\x1b[31m\n\u202e<b>[red]\x00",
    "../../x",
    "x" * 300,
    "9" * 5000,
    "miniimagenet",
    "disjoint",
    "anytime",
    "legacy-z-n1",
    [],
    {},
    [[[]]],
    {"a": {"b": 1}},
    [1, "a", None],
]
DTYPES = ["u1", "i1", "<u2", ">u2", "i4", "i8", "f4", "f8", "c8", "?", "U0", "U3", "S2"]
HEADERS = [
    b"{'descr': '|u1', 'fortran_order': False, 'shape': (-6, 15), }",
    b"{'descr': '|u1', 'fortran_order': False, 'shape': (-1, -1), }",
    b"{'descr': '|u1', 'fortran_order': False, 'shape': (10**9,), }",
    b"{'descr': '|u1', 'fortran_order': False, 'shape': (1000000000000,), }",
    b"{'descr': '<U0', 'fortran_order': False, 'shape': (100000000,), }",
    b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }",
    b"{'descr': [('a', '|u1')], 'fortran_order': True, 'shape': (6, 15), }",
    b"{'descr': (), 'fortran_order': False, 'shape': (), }",
    b"{'descr': '|u1', 'fortran_order': 3, 'shape': 'a', }",
    b"{'descr': '|V0', 'fortran_order': False, 'shape': (1000,), }",
    b"[" * 500,
    b"(" * 90 + b"\n",
    b"'''",
    b"{" + b"'a': 1, " * 3000 + b"}",
    b"\xff\xfe",
    b"__import__('os').abort()",
]


def fuzzed(rng: Random, files: Files) -> bytes:
    """The bytes of a bundle with one random fault."""
    kinds = [_in_zip, _in_bytes, _in_json, _in_arrays, _in_header]
    return rng.choice(kinds)(rng, dict(files))


def _in_zip(rng: Random, files: Files) -> bytes:
    return damaged(rng, zip_of(files))


def _in_bytes(rng: Random, files: Files) -> bytes:
    name = rng.choice(sorted(files))
    files[name] = damaged(rng, files[name])
    is_sealed = rng.random() < 0.5 and name != "submission.json"
    return zip_of(sealed(files) if is_sealed else files)


def _in_json(rng: Random, files: Files) -> bytes:
    name = rng.choice(sorted(one for one in files if one.endswith(".json")))
    document = json.loads(files[name])
    container, key = rng.choice(places(document))
    if rng.random() < 0.2:
        del container[key]
    else:
        container[key] = rng.choice(VALUES)
    return _sealed_result(name, document, files)


def _in_arrays(rng: Random, files: Files) -> bytes:
    name, arrays = _arrays(rng, files)
    chosen = rng.choice(sorted(arrays))
    arrays[chosen] = _hostile_array(rng, arrays[chosen])
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    files[name] = buffer.getvalue()
    document_name = name.replace(".npz", ".json")
    document = json.loads(files[document_name])
    if "content" in document and not arrays[chosen].dtype.hasobject:
        hashes = document["content"]["classification"]["arrays_sha256"]
        hashes[chosen] = array_sha256(arrays[chosen])
    return _sealed_result(document_name, document, files)


def _in_header(rng: Random, files: Files) -> bytes:
    """Give an array a hostile header."""
    name, arrays = _arrays(rng, files)
    chosen = rng.choice(sorted(arrays))
    header = rng.choice(HEADERS).ljust(117) + b"\n"
    start = rng.choice([b"\x93NUMPY\1\0", b"\x93NUMPY\1\0", b"\x93NUMPY\2\0"])
    width = 2 if start.endswith(b"\1\0") else 4
    size = len(header).to_bytes(width, "little")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for one, array in arrays.items():
            data = start + size + header + array.tobytes()
            if one != chosen:
                member = io.BytesIO()
                np.save(member, array)
                data = member.getvalue()
            archive.writestr(f"{one}.npy", data)
    files[name] = buffer.getvalue()
    return zip_of(sealed(files))


def _arrays(rng: Random, files: Files) -> tuple[str, dict[str, Any]]:
    name = rng.choice(sorted(one for one in files if one.endswith(".npz")))
    with np.load(io.BytesIO(files[name])) as file:
        return name, dict(file)


def _hostile_array(rng: Random, array: np.ndarray) -> np.ndarray:
    changes: list[Callable[[], np.ndarray]] = [
        lambda: array[:0],
        lambda: array[..., None],
        array.ravel,
        lambda: np.asfortranarray(array),
        lambda: np.concatenate([array, array]),
        lambda: np.array(rng.randrange(300)),
        lambda: np.zeros_like(array),
        lambda: np.array([{}, []], object),
        lambda: np.full(array.shape, 2**31 - 1, "i4"),
        lambda: np.full(array.shape, "\ud800"),
        lambda: np.full(array.shape, "\x1b[31m\u202e"),
        lambda: np.full(array.shape, 2**31 - 1, "u4").view("U1"),
        lambda: np.zeros(array.shape, [("a", "u1"), ("b", "f8")]),
        lambda: np.full(array.shape, np.nan),
        lambda: np.zeros(array.shape, rng.choice(DTYPES)),
        lambda: np.zeros(array.shape, "M8[s]"),
    ]
    return rng.choice(changes)()


def _sealed_result(name: str, document: Any, files: Files) -> bytes:
    if isinstance(document, dict) and isinstance(document.get("content"), dict):
        document["content_sha256"] = canonical_sha256(document["content"])
        document["document_sha256"] = document_sha256(document)
    files[name] = json.dumps(document).encode()
    is_whole = name != "submission.json"
    return zip_of(sealed(files) if is_whole else files)


def damaged(rng: Random, data: bytes) -> bytes:
    """Flip some bytes, or cut out or double a part."""
    changed = bytearray(data)
    for _ in range(rng.choice([1, 1, 2, 8])):
        if changed:
            changed[rng.randrange(len(changed))] = rng.randrange(256)
    start = rng.randrange(len(data) + 1)
    end = min(len(data), start + rng.randrange(40))
    if rng.random() < 0.2:
        del changed[start:end]
    elif rng.random() < 0.1:
        changed[start:start] = changed[start:end]
    return bytes(changed)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every container and key in a document."""
    keys: list[Any] = []
    if isinstance(value, dict):
        keys = list(value)
    elif isinstance(value, list):
        keys = list(range(len(value)))
    found = []
    for key in keys:
        found.append((value, key))
        found += places(value[key])
    return found
