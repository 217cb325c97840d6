"""Show the checks of a run on GitHub: the summary of the job, and annotations."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

# GitHub drops a larger summary as a whole, and shows ten errors of a step at most.
MOST_BYTES = 1 << 20
MOST_ANNOTATIONS = 9
_CUT = "\n\n(The rest is cut off here: GitHub shows at most 1 MiB.)\n"


@dataclass(frozen=True)
class Annotation:
    """An error that GitHub shows beside a line of code.

    file: relative to the folder of the repository
    line: counted from 1
    """

    file: str
    line: int
    title: str
    text: str


def annotation_lines(annotations: Iterable[Annotation]) -> Iterator[str]:
    """Return what to print for errors: a line for each, but at most nine in all.

    If there are more errors, the ninth line says how many are left out.
    """
    listed = list(annotations)
    n_shown = len(listed)
    if n_shown > MOST_ANNOTATIONS:
        n_shown = MOST_ANNOTATIONS - 1
    for one in listed[:n_shown]:
        file = _escaped_value(one.file)
        title = _escaped_value(one.title)
        place = f"file={file},line={one.line},title={title}"
        yield f"::error {place}::{_escaped(one.text)}"
    n_more = len(listed) - n_shown
    if n_more:
        yield f"::error title=fewbench::and {n_more} more checks failed"


def append_summary(path: Path, text: str) -> None:
    """Add text to the summary of the job. What exceeds 1 MiB is cut off.

    path: the file that $GITHUB_STEP_SUMMARY names
    """
    used = path.stat().st_size if path.exists() else 0
    left = MOST_BYTES - used
    data = text.encode()
    if len(data) > left:
        end = _CUT.encode()
        if left < len(end):
            return
        data = data[: left - len(end)]
        # Cut between lines, which also cuts between characters.
        data = data[: data.rfind(b"\n") + 1] + end
    with path.open("ab") as file:
        file.write(data)


def _escaped(text: str) -> str:
    """Return text as a workflow command needs it."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escaped_value(text: str) -> str:
    """Return a value of a workflow command's property as it needs to be written."""
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")
