"""Find the literature on the datasets, protocols and learners of results.

The entries stand in references.bib. A comment before each says what it is for.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from .names import without_size
from .published import method_of
from .records import RunResult

_TOOL = "tool fewbench"
# The first author and the year of a paper.
_PAPER = re.compile(r"(\w+)\b.*?\b((?:19|20)\d\d)\b")
_SECOND_HAND = re.compile(r"\b(quoted|via|README)\b")


@dataclass(frozen=True)
class Reference:
    """An entry of a BibTeX file.

    subjects: what the entry is about, such as "dataset NAME"
    source: the files of the repository that the entry was taken from
    bibtex: the entry itself
    """

    key: str
    subjects: tuple[str, ...]
    source: str
    bibtex: str


@cache
def all_references() -> tuple[Reference, ...]:
    """Return all entries of references.bib."""
    path = files("fewbench.reports").joinpath("references.bib")
    text = path.read_text(encoding="utf-8")
    blocks = text.split("\n\n")
    with_entry = [block for block in blocks if "\n@" in block]
    return tuple(map(_reference, with_entry))


def key_of_paper(source: str) -> str:
    """Return the key of the paper that a published number comes from; "" if unknown.

    source: such as "Finn et al. ICML 2017, Table 1"; a paper that another one quotes, or
        a README of its authors, is not the paper itself
    """
    found = _PAPER.match(source)
    if found is None or _SECOND_HAND.search(source):
        return ""
    author, year = found.groups()
    key = f"{author.lower()}{year}"
    known = {one.key for one in all_references()}
    return key if key in known else ""


def bibliography(results: Iterable[RunResult], cited: Collection[str] = ()) -> str:
    """Return the text of a BibTeX file for a paper about some results.

    cited: the keys of more entries
    A comment names the datasets and learners that have no entry.
    """
    wanted = {_TOOL}
    for result in results:
        wanted.update(_subjects(result))
    known: set[str] = set()
    entries = []
    for reference in all_references():
        is_wanted = not wanted.isdisjoint(reference.subjects)
        if is_wanted or reference.key in cited:
            entries.append(reference.bibtex)
        known.update(reference.subjects)
    lines = ["% Names and titles are as short as fewbench has them. Complete them."]
    for subject in sorted(wanted - known):
        lines.append(f"% Add the reference of {subject!a}: fewbench has none.")
    return "\n\n".join(["\n".join(lines), *entries])


def citations(results: Iterable[RunResult]) -> dict[str, list[str]]:
    """Return the keys to cite for results: "dataset", "protocol", "learner" -> keys.

    A kind without keys is left out.
    """
    wanted: set[str] = set()
    for result in results:
        wanted.update(_subjects(result))
    keys: dict[str, list[str]] = {}
    for kind in ("dataset", "protocol", "learner"):
        own = {subject for subject in wanted if subject.startswith(f"{kind} ")}
        cited = [one.key for one in all_references() if own.intersection(one.subjects)]
        if cited:
            keys[kind] = cited
    return keys


def _reference(block: str) -> Reference:
    comment, entry = block.split("\n@", maxsplit=1)
    facts = dict(line.removeprefix("% ").split(": ") for line in comment.splitlines())
    key, _ = entry.split(",", maxsplit=1)
    return Reference(
        key=re.sub(r"\w+\{", "", key),
        subjects=tuple(facts["for"].split(", ")),
        source=facts["from"],
        bibtex=f"@{entry.strip()}\n",
    )


def _subjects(result: RunResult) -> Iterator[str]:
    """Yield what a result rests on, in the words of references.bib.

    A protocol that follows a paper starts with the name of the paper. A learner has the
    name of its method. The variants NAME-FILTER and NAME@SIZE of a dataset count as the
    dataset NAME.
    """
    known = {subject for one in all_references() for subject in one.subjects}
    paper, _, _ = result.protocol.name.partition("-")
    if f"protocol {paper}" in known:
        yield f"protocol {paper}"
    yield f"learner {method_of(result)}"
    # BibTeX would take the @ of a size for an entry, even in a comment.
    name = without_size(result.protocol.dataset)
    dataset = name
    while dataset and f"dataset {dataset}" not in known:
        dataset, _, _ = dataset.rpartition("-")
    yield f"dataset {dataset or name}"
