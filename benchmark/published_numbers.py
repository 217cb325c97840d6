"""The published numbers that results are shown beside: published.csv, one per line.

Its column `learner` says which learner of fewbench the method is (protonet, maml, fomaml, anil);
it is empty for other methods. Its column `dataset` is a dataset of fewbench.
"""

import csv
from functools import cache
from importlib.resources import files

from pydantic import TypeAdapter, ValidationError

from fewbench.documents import explain

from ..reports.published import PublishedNumber
from ..reports.records import ResultError

_LINE = TypeAdapter(PublishedNumber)


@cache
def published_numbers() -> tuple[PublishedNumber, ...]:
    """Every line of published.csv."""
    path = files("fewbench.benchmark").joinpath("published.csv")
    return parse_published(path.read_text(encoding="utf-8"))


def parse_published(text: str) -> tuple[PublishedNumber, ...]:
    """Read CSV whose header names fields of a published number.

    An empty value, or "unknown", means that the source does not say.
    Raises ResultError, which names the line that is not valid.
    """
    numbers = []
    lines = text.splitlines()
    rows = csv.DictReader(lines, restkey="surplus")
    for line, row in enumerate(rows, start=2):
        stated = {}
        for name, value in row.items():
            if value and value != "unknown":
                stated[name] = str(value)
        try:
            number = _LINE.validate_strings(stated)
            numbers.append(number)
        except ValidationError as error:
            raise ResultError(
                f"published numbers, line {line}: {explain(error)}"
            ) from error
    return tuple(numbers)
