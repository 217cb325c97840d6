"""The class lists of published splits, carried as data files that name their source."""

from dataclasses import dataclass
from pathlib import Path

from .info import DataError

_FOLDER = Path(__file__).parent / "splits"


@dataclass(frozen=True)
class SplitClass:
    """One line of a class list: which split the class belongs to, and what else it says."""

    split: str
    facts: str


def read_classes(scheme: str) -> dict[str, SplitClass]:
    """Class name -> its line in a published list, e.g. 'tieredimagenet_ren'.

    A file holds `# comment` lines, `[split]` headings and one class a line: a name, then facts.
    """
    classes: dict[str, SplitClass] = {}
    split = ""
    for line in (_FOLDER / f"{scheme}.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            split = line.strip("[]")
        elif line and not line.startswith("#"):
            name, _, facts = line.partition(" ")
            if name in classes:
                raise DataError(f"class list {scheme}: {name} stands there twice")
            classes[name] = SplitClass(split, facts)
    return classes


def read_split(scheme: str) -> dict[str, str]:
    """Class name -> split of a published scheme, e.g. 'omniglot_vinyals'."""
    return {name: one.split for name, one in read_classes(scheme).items()}
