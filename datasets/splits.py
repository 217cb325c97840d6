"""Read the class lists of published splits from text files that name their source."""

from dataclasses import dataclass
from pathlib import Path

from fewbench.documents import REINSTALL

from .info import DataError

_FOLDER = Path(__file__).parent / "splits"


@dataclass(frozen=True)
class SplitClass:
    """The line of a class in a class list.

    split: the split of the class
    facts: the text after the class name
    """

    split: str
    facts: str


def read_classes(scheme: str) -> dict[str, SplitClass]:
    """Read a published class list. Return class name -> the line of the class.

    The list has `# comment` lines, `[split]` headings, and a line for each class with
    its name and then facts.
    scheme: the file name without ".txt", such as "tieredimagenet_ren"
    Raises DataError if a class is listed twice.
    """
    classes: dict[str, SplitClass] = {}
    split = ""
    path = _FOLDER / f"{scheme}.txt"
    text = path.read_text(encoding="utf-8")
    for line in text.splitlines():
        if line.startswith("["):
            split = line.strip("[]")
            continue
        if not line or line.startswith("#"):
            continue
        class_name, _, facts = line.partition(" ")
        if class_name in classes:
            raise DataError(
                f"{path}: damaged class list: expected every class once, got "
                f"{class_name} twice. {REINSTALL}"
            )
        classes[class_name] = SplitClass(split, facts)
    return classes


def read_split(scheme: str) -> dict[str, str]:
    """Read a published class list. Return class name -> split.

    scheme: the file name without ".txt", such as "omniglot_vinyals"
    Raises DataError if a class is listed twice.
    """
    splits: dict[str, str] = {}
    for class_name, one in read_classes(scheme).items():
        splits[class_name] = one.split
    return splits
