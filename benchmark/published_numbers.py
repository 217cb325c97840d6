"""The published numbers that results are laid beside: published.csv, a line each.

Its column `learner` says which of our learners a method is (protonet, maml, fomaml, anil; empty
for methods that fewbench has not), and `dataset` is a dataset of ours. Both are the whole mapping.
"""

import csv
from functools import cache
from importlib.resources import files

from pydantic import TypeAdapter, ValidationError

from ..reports.published import Published
from ..reports.records import ResultError, explain

_LINE = TypeAdapter(Published)


@cache
def published_numbers() -> tuple[Published, ...]:
    """Every line of published.csv."""
    text = (
        files("fewbench.benchmark")
        .joinpath("published.csv")
        .read_text(encoding="utf-8")
    )
    return parse_published(text)


def parse_published(text: str) -> tuple[Published, ...]:
    """Read lines of CSV under a header that names the fields of `Published`; an empty value is
    unstated. Raises ResultError naming the line that is not valid."""
    numbers = []
    for line, row in enumerate(
        csv.DictReader(text.splitlines(), restkey="surplus"), start=2
    ):
        stated = {name: str(value) for name, value in row.items() if value}
        stated = {name: value for name, value in stated.items() if value != "unknown"}
        try:
            numbers.append(_LINE.validate_strings(stated))
        except ValidationError as error:
            raise ResultError(
                f"published numbers, line {line}: {explain(error)}"
            ) from error
    return tuple(numbers)
