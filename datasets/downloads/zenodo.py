"""Ask the record of a file on Zenodo for the file's size and md5."""

import logging
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import AliasChoices, BaseModel, Field

from ..info import Source
from .checksums import ORIGINS, Expected, known, record_digest
from .web import Refused, read_document

_log = logging.getLogger(__name__)
_Md5 = Annotated[str, Field(pattern="^(md5:)?[0-9a-fA-F]{32}$")]


class _File(BaseModel):
    """One file of a record, in either spelling that Zenodo's interface has had."""

    size: int = Field(ge=0, validation_alias=AliasChoices("size", "filesize"))
    checksum: _Md5


class _Record(BaseModel):
    files: list[dict[str, Any]]


def look_up(path: Path, source: Source, timeout: float) -> Expected:
    """Size and checksum that a file must have; its Zenodo record is asked for the rest.

    The md5 of the record is kept in a file beside `path` for runs without a network.
    Raises DataError when a checksum file beside `path` is damaged.
    """
    expected = known(path, source)
    is_complete = expected.algorithm == "md5" and expected.size is not None
    if source.record is None or is_complete:
        return expected
    try:
        document = read_document(source.record, timeout)
        file = _find_file(document, source.filename)
    except (Refused, ValueError) as error:
        first_lines = str(error).splitlines()[:3]
        reason = "; ".join(first_lines)
        _log.warning(
            "%s: tells no checksum of %s: %s",
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
    """Raises ValueError when the document is not the record of that file."""
    record = _Record.model_validate_json(document)
    for file in record.files:
        is_named = file_name in (file.get("key"), file.get("filename"))
        if is_named:
            return _File.model_validate(file)
    raise ValueError(f"the record holds no {file_name}")
