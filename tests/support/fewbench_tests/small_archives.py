"""Folders, zips and tars that hold the same few files."""

import io
import struct
import tarfile
import zipfile
from pathlib import Path
from typing import Any

FILES = {
    "set/Greek/character01/0001_01.png": b"first",
    "set/Greek/character01/0001_02.png": bytes(range(256)) * 8,
    "set/Latin/character02/0002_01.png": b"",
    "readme.txt": b"read me " * 50,
}
CLUTTER = {
    "__MACOSX/set/._0001_01.png": b"x",
    "set/.DS_Store": b"y",
    ".git/config": b"z",
}
METHODS = {"stored": zipfile.ZIP_STORED, "deflated": zipfile.ZIP_DEFLATED}
KINDS = ["folder", *METHODS, "tar", "tar.gz", "tar.bz2", "tar.xz"]


def write_folder(path: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    return path


def write_zip(
    path: Path, files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED
) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return path


def write_tar(path: Path, files: dict[str, bytes], packing: str = "") -> Path:
    mode: Any = f"w:{packing}"
    with tarfile.open(path, mode) as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


def write(kind: str, path: Path, files: dict[str, bytes]) -> Path:
    """A source of one of KINDS. The ending of its name does not tell which."""
    if kind == "folder":
        return write_folder(path, files)
    if kind in METHODS:
        return write_zip(path, files, METHODS[kind])
    return write_tar(path, files, kind.partition(".")[2])


def patch_directory(path: Path, offset: int, layout: str, *values: int) -> Path:
    """Overwrite fields of the first record in the directory of a zip."""
    data = bytearray(path.read_bytes())
    struct.pack_into(layout, data, data.index(b"PK\x01\x02") + offset, *values)
    path.write_bytes(data)
    return path
