"""Place the footnotes of a page, so that each stands on it once."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

Notes = Sequence[str]


@dataclass(frozen=True)
class SectionNotes:
    """The footnotes of one section of a page.

    own: the footnotes below each table
    shared: the footnotes below the last table, which belong to several tables
    has_earlier: whether some footnotes stand in an earlier section
    """

    own: list[list[str]]
    shared: list[str]
    has_earlier: bool


def placed(sections: Iterable[Sequence[Notes]]) -> Iterator[SectionNotes]:
    """Place each footnote in the first section that needs it.

    sections: the footnotes of each table in each section
    """
    known: set[str] = set()
    for tables in sections:
        yield _section(tables, known)
        for notes in tables:
            known.update(notes)


def _section(tables: Sequence[Notes], known: set[str]) -> SectionNotes:
    uses: Counter[str] = Counter()
    for notes in tables:
        uses.update(notes)
    own = []
    for notes in tables:
        own.append([note for note in notes if uses[note] == 1 and note not in known])
    shared = [note for note in uses if uses[note] > 1 and note not in known]
    return SectionNotes(own, shared, has_earlier=not known.isdisjoint(uses))
