"""The record of one thing that a check of a submission found."""

from dataclasses import dataclass
from typing import Literal

from fewbench.documents import shown

Level = Literal["error", "warning", "note"]
_LONGEST = 400
# A hostile file could have a fault in every byte.
_MOST = 500


@dataclass(frozen=True)
class Finding:
    """One thing that a check found. Text of strangers is shown on one line, escaped.

    code: a short name of the kind of finding, which stays the same between versions
    where: the file, field or episode
    what: what is wrong, or what is worth knowing
    advice: what the submitter should do; "" for a note
    """

    level: Level
    code: str
    where: str
    what: str
    advice: str = ""

    def __post_init__(self) -> None:
        for name in ("where", "what", "advice"):
            text = shown(getattr(self, name), _LONGEST)
            object.__setattr__(self, name, text[:_LONGEST])

    @property
    def line(self) -> str:
        """The finding on one line."""
        advice = f" {self.advice}" if self.advice else ""
        return f"{self.level} {self.code}: {self.where}: {self.what}.{advice}"


def error(code: str, where: str, what: str, advice: str) -> Finding:
    """Record something that a submission must not have."""
    return Finding("error", code, where, what, advice)


def warning(code: str, where: str, what: str, advice: str) -> Finding:
    """Record something that a maintainer should look at."""
    return Finding("warning", code, where, what, advice)


def note(code: str, where: str, what: str) -> Finding:
    """Record something that is worth knowing."""
    return Finding("note", code, where, what)


def bounded(findings: list[Finding]) -> list[Finding]:
    """Return the first findings, errors before others, if there are far too many."""
    n_more = len(findings) - _MOST
    if n_more <= 0:
        return findings
    ordered = sorted(findings, key=lambda one: one.level != "error")
    what = f"the check found {n_more:,} more faults, which are not listed"
    return [*ordered[:_MOST], note("more", "the submission", what)]
