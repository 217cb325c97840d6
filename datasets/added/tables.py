"""Find classes in CSV files: the columns filename, label and, if wanted, split.

Meta-Album's labels.csv (FILE_NAME, CATEGORY, SUPER_CATEGORY) is such a file too.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

from fewbench.documents import shown

from ..archives.safe_names import unsafe
from ..info import DataError
from ..layouts.source_file import SourceFile
from .found import FoundClass, check_class_name, split_named

# What a column may be called, in lower case -> its meaning.
_COLUMNS = {
    "filename": "filename",
    "file_name": "filename",
    "file": "filename",
    "image": "filename",
    "path": "filename",
    "label": "label",
    "class": "label",
    "class_name": "label",
    "category": "label",
    "split": "split",
}
_DELIMITERS = (",", "\t", ";")


class _Row(NamedTuple):
    """A line of a CSV.

    where: the file and the line, for messages
    folder: the folder of the CSV in the source, "" or with a slash at the end
    """

    where: str
    folder: str
    filename: str
    label: str
    split: str


def classes_in_tables(
    label: str, tables: Sequence[SourceFile], paths: Iterable[str]
) -> tuple[list[FoundClass], int]:
    """Return the classes in CSV files, and how many images of the source are in none.

    The file names are relative to the folder of the CSV, or to the folder images/ in it.
    label: the source, for messages
    tables: files for which `is_table` is true
    paths: the paths of the images
    Raises DataError if an image is missing or listed twice, or if a class has two splits.
    """
    there = set(paths)
    images: dict[str, dict[str, str]] = {}
    split_of: dict[str, str] = {}
    used: set[str] = set()
    for row in _rows(tables):
        path = _find(row, there)
        if path in used:
            raise DataError(
                f"{row.where}: expected each image once, got {shown(row.filename)} a "
                f"second time. Remove one of the two lines"
            )
        used.add(path)
        class_name = check_class_name(row.where, row.label)
        split = split_of.setdefault(class_name, row.split)
        if split != row.split:
            raise DataError(
                f"{row.where}: class {shown(class_name)}: expected one split for all "
                f"its images, got {split or 'none'} and {row.split or 'none'}. Correct "
                f"the column split; or, to split the classes by their names: --split-by "
                f"ratio"
            )
        images.setdefault(class_name, {})[row.filename] = path
    if not images:
        raise DataError(f"{label}: expected lines in the CSV, got none. Add them")
    found: list[FoundClass] = []
    for class_name, by_name in images.items():
        one = FoundClass(
            name=class_name,
            images=by_name,
            split=split_of[class_name],
        )
        found.append(one)
    return found, len(there - used)


def is_table(file: SourceFile) -> bool:
    """Return whether a file is a CSV with the columns that are needed."""
    if file.kind != "csv":
        return False
    lines = file.lines()
    if not lines:
        return False
    columns, _ = _columns(lines[0])
    return {"filename", "label"} <= columns.keys()


def _columns(head: str) -> tuple[Mapping[str, int], str]:
    """Return the places of the known columns, and the character between columns."""
    head = head.removeprefix("\ufeff")
    delimiter = max(_DELIMITERS, key=head.count)
    (names,) = csv.reader([head], delimiter=delimiter)
    columns: dict[str, int] = {}
    for place, name in enumerate(names):
        meaning = _COLUMNS.get(name.strip().lower())
        if meaning is not None:
            columns.setdefault(meaning, place)
    return columns, delimiter


def _rows(tables: Iterable[SourceFile]) -> Iterator[_Row]:
    for table in tables:
        head, *lines = table.lines()
        columns, delimiter = _columns(head)
        folder = PurePosixPath(table.name).parent.as_posix()
        prefix = "" if folder == "." else f"{folder}/"
        # A table such as train.csv says the split of all its images.
        split_of_table = split_named(table.stem)
        reader = csv.reader(lines, delimiter=delimiter)
        number = 1
        for cells in _read_all(table, reader):
            number += 1
            if not cells:
                continue
            where = f"{table.label}, line {number}"
            named = _named_cells(where, columns, cells)
            split = split_of_table
            if "split" in named:
                split = _split(where, named["split"])
            yield _Row(
                where=where,
                folder=prefix,
                filename=named["filename"],
                label=named["label"],
                split=split,
            )


def _read_all(table: SourceFile, reader: Iterable[list[str]]) -> Iterator[list[str]]:
    try:
        yield from reader
    except csv.Error as error:
        raise DataError(
            f"{table.label}: expected a CSV, got a line that is none ({error}). Correct it"
        ) from error


def _named_cells(
    where: str, columns: Mapping[str, int], cells: Sequence[str]
) -> Mapping[str, str]:
    """Return column -> text of a line. Raises DataError if the line is too short."""
    least = max(columns.values()) + 1
    if len(cells) < least:
        raise DataError(
            f"{where}: expected at least {least} columns, got {len(cells)}. Correct the "
            f"line"
        )
    named: dict[str, str] = {}
    for name, place in columns.items():
        named[name] = cells[place].strip()
    return named


def _split(where: str, name: str) -> str:
    split = split_named(name)
    if name and not split:
        raise DataError(
            f"{where}: expected the split train, val or test, got {shown(name)!r}. "
            f"Correct the line"
        )
    return split


def _find(row: _Row, there: set[str]) -> str:
    """Return the path of the image of a row. Raises DataError if it is missing."""
    if not unsafe(row.filename):
        for folder in ("", "images/"):
            path = f"{row.folder}{folder}{row.filename}"
            if path in there:
                return path
    raise DataError(
        f"{row.where}: expected an image of this name beside the CSV or in images/, got "
        f"none for {shown(row.filename)!r}. Remove the line, or add the image"
    )
