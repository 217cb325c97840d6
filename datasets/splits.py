"""The class lists of published splits: text files that name their source."""

from dataclasses import dataclass
from pathlib import Path

from .info import DataError

_FOLDER = Path(__file__).parent / "splits"


@dataclass(frozen=True)
class SplitClass:
    """One line of a class list: the split of the class, and the rest of the line."""

    split: str
    facts: str


def read_classes(scheme: str) -> dict[str, SplitClass]:
    """Class name -> its line in a published list, such as 'tieredimagenet_ren'.

    A list has `# comment` lines, `[split]` headings and a line for each class: its name,
    then facts. Raises DataError when a class is listed twice.
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
                f"{path}: cannot be read: expected every class once, got {class_name} "
                f"twice. Install fewbench again: pip install --force-reinstall fewbench"
            )
        classes[class_name] = SplitClass(split, facts)
    return classes


def read_split(scheme: str) -> dict[str, str]:
    """Class name -> split of a published list, such as 'omniglot_vinyals'."""
    splits: dict[str, str] = {}
    for class_name, one in read_classes(scheme).items():
        splits[class_name] = one.split
    return splits
