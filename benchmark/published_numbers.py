"""Read the published accuracies that reports show beside results.

The file published.csv has one published accuracy on each line. The column `learner` names
the fewbench learner with the published method: protonet, maml, fomaml or anil. It is empty
for other methods. The column `dataset` names a dataset in fewbench, and `network` names a
backbone with its width. Numbers whose source was not found stay in the file, with the
reason in `left_out`.
"""

import csv
from dataclasses import replace
from functools import cache
from importlib.resources import files

from pydantic import TypeAdapter, ValidationError

from fewbench.documents import explain

from ..datasets import BUILDERS
from ..reports.published import PublishedNumber
from ..reports.records import ResultError
from .published_pixels import PIXELS, UNKNOWN

_LINE = TypeAdapter(PublishedNumber)


@cache
def published_numbers() -> tuple[PublishedNumber, ...]:
    """Return all published accuracies in the file published.csv."""
    path = files("fewbench.benchmark").joinpath("published.csv")
    return parse_published(path.read_text(encoding="utf-8"))


def parse_published(text: str) -> tuple[PublishedNumber, ...]:
    """Parse a CSV text with a published accuracy on each line.

    The header has the names of fields of `PublishedNumber`. A value that is empty or
    "unknown" means that the source does not state it.
    Raises ResultError, which names the line, if a line is not valid.
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
            numbers.append(_with_what_we_know(number))
        except ValidationError as error:
            raise ResultError(
                f"published numbers, line {line}: {explain(error)}. Correct this line"
            ) from error
    return tuple(numbers)


def _with_what_we_know(number: PublishedNumber) -> PublishedNumber:
    """Add the name of our class split, and the authors' pixels where they are known."""
    pixels = PIXELS.get(number.id, UNKNOWN)
    return replace(
        number,
        our_split=_our_split(number.dataset),
        pixels=pixels.words,
        resampling=pixels.resampling,
        spectrum=pixels.spectrum,
        jpeg=pixels.jpeg,
    )


def _our_split(dataset: str) -> str:
    """Return the name that published.csv gives to the class split of our dataset.

    Return "" if fewbench does not know the dataset.
    """
    info = BUILDERS.get(dataset)
    return info.published_split if info else ""
