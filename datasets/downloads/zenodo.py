"""Read the size and md5 of a file from its Zenodo record (a JSON document)."""

import logging
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import AliasChoices, BaseModel, Field, TypeAdapter

from fewbench.documents import DocumentError, fit, parse_json, shown

from ..info import Source
from .body import read_document
from .checksums import ORIGINS, Expected, known, record_digest
from .web import Refused

_log = logging.getLogger(__name__)
_Md5 = Annotated[str, Field(pattern="^(md5:)?[0-9a-fA-F]{32}$")]


class _File(BaseModel):
    """The entry of a file in a Zenodo record, with Zenodo's old or new field names."""

    size: int = Field(ge=0, validation_alias=AliasChoices("size", "filesize"))
    checksum: _Md5


class _Record(BaseModel):
    files: list[dict[str, Any]]


_FILE = TypeAdapter(_File)
_RECORD = TypeAdapter(_Record)


def look_up(path: Path, source: Source, timeout: float) -> Expected:
    """Return the size and checksum that a file must have.

    The Zenodo record is downloaded only if the size or the md5 is not known yet. The
    md5 is saved in a checksum file beside `path`, for later runs without a network. If
    the record cannot be read, a warning is logged and the known values are returned.
    Raises DataError if a checksum file beside `path` is damaged.
    """
    expected = known(path, source)
    is_complete = expected.algorithm == "md5" and expected.size is not None
    if source.record is None or is_complete:
        return expected
    try:
        document = read_document(source.record, timeout)
        file = _find_file(document, source.filename)
    except (Refused, DocumentError) as error:
        reason = shown(error, 300)
        _log.warning(
            "%s: gives no checksum for %s: %s",
            source.record,
            source.filename,
            reason,
        )
        return expected
    size = file.size if source.size is None else source.size
    if source.md5 is not None:
        return replace(expected, size=size)
    md5 = file.checksum.removeprefix("md5:").lower()
    record_digest(path, "md5", md5)
    return Expected(
        size=size,
        algorithm="md5",
        digest=md5,
        origin=ORIGINS["md5"],
    )


def _find_file(document: bytes, file_name: str) -> _File:
    """Find the entry of a file in a Zenodo record.

    document: the record as JSON
    Raises DocumentError if the document is not a record, or does not list the file.
    """
    record = fit(parse_json(document), _RECORD)
    for file in record.files:
        is_named = file_name in (file.get("key"), file.get("filename"))
        if is_named:
            return fit(file, _FILE)
    raise DocumentError(f"the record does not list a file {file_name}")
