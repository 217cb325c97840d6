"""The table of all checks, in the terminal, as Markdown and as JSON."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from fewbench.documents import printable

from ..verdict import IDENTICAL
from .options import Tier
from .record import Record

_HEAD = ("check", "protocol", "accuracy", "reference", "difference", "verdict")
_NIGHTS = 365
_WORDS = {"fail": "FAIL", "missing": "NO REFERENCE", "error": "ERROR"}


@dataclass(frozen=True)
class Summary:
    """What all checks of a run found.

    n_checks: the number of checks that share the risk of a false alarm
    alpha: the risk of a false alarm of the run, a fraction
    unmeasured: a sentence for each check that was not made
    n_skipped: how many tests with checks were skipped
    unused: a sentence for each reference that no test uses
    problems: what could not be written or read after the checks
    """

    records: Sequence[Record]
    n_checks: int
    alpha: float
    tier: Tier
    unmeasured: Sequence[str] = ()
    n_skipped: int = 0
    unused: Sequence[str] = ()
    problems: Sequence[str] = ()

    def lines(self) -> Iterator[str]:
        """Return the summary for the terminal."""
        if self.records:
            yield from map(printable, self._table())
        yield from map(printable, self.sentences())

    def _table(self) -> Iterator[str]:
        rows = [_HEAD, *map(row_of, self.records)]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            cells = zip(row, widths, strict=True)
            padded = [cell.ljust(width) for cell, width in cells]
            yield "  ".join(padded).rstrip()

    def markdown(self) -> str:
        """Return the summary for a page, with the verdict first."""
        lines = [f"### Accuracy: {self._heading()}", ""]
        if self.records:
            lines += [_cells(_HEAD), _cells(["---" for _ in _HEAD])]
            lines += [_cells(row_of(record)) for record in self.records]
        lines.append("")
        for sentence in self.sentences():
            lines.append(f"- {_escaped(sentence)}")
        return printable("\n".join(lines), keep="\n") + "\n"

    def document(self) -> dict[str, Any]:
        """Return the summary as JSON."""
        return {
            "format": "fewbench accuracy summary",
            "schema_version": 1,
            "tier": self.tier,
            "n_checks": self.n_checks,
            "alpha": self.alpha,
            "false_alarms_a_year": self._alarms_a_year(),
            "checks": [asdict(record) for record in self.records],
            "unmeasured": list(self.unmeasured),
            "n_skipped": self.n_skipped,
            "unused": list(self.unused),
            "problems": list(self.problems),
        }

    def sentences(self) -> Iterator[str]:
        """Return what the table does not say: reasons, remarks and the risk."""
        for record in self.records:
            place = record.place
            yield f"{place}: {_rule(record)}{record.reason}"
            for remark in record.remarks:
                yield f"{place}: {remark}"
            if record.command:
                yield f"{place}: next: {record.command}"
        yield from self.unmeasured
        if self.n_skipped and self.records:
            yield f"tests that were skipped, so they measured nothing: {self.n_skipped}"
        yield from self.unused
        yield from self._about_risk()
        yield from self.problems

    def _heading(self) -> str:
        bad = [record for record in self.records if not record.passed]
        if bad:
            return f"{len(bad)} of {len(self.records)} checks failed"
        if self.problems:
            return "the run failed"
        if not self.records:
            return "nothing was checked"
        if self.unmeasured:
            return f"{len(self.records)} checks passed, others were not measured"
        return f"all {len(self.records)} checks passed"

    def _about_risk(self) -> Iterator[str]:
        tested = self._tested()
        n_compared = sum(record.verdict is not None for record in self.records)
        if tested:
            risk = _percent(sum(record.alpha for record in tested))
            yield (
                f"{len(tested)} of {n_compared} checks are statistical. Together they give "
                f"a false alarm in at most {risk} of the runs: at most "
                f"{self._alarms_a_year():.2g} a year, if they run every night"
            )
        elif n_compared:
            yield (
                "all predictions were compared one by one, which gives no false alarms"
            )
        if any(_is_watched(record) for record in tested):
            yield (
                "a check with an e-value gives a false alarm with about its alpha at most for "
                "as long as its reference stands, however many nights are looked at"
            )

    def _alarms_a_year(self) -> float:
        """Return how many false alarms a year to expect at most, one run a night."""
        once = 0.0
        nightly = 0.0
        for record in self._tested():
            if _is_watched(record):
                once += record.alpha
            else:
                nightly += record.alpha
        return once + _NIGHTS * nightly

    def _tested(self) -> list[Record]:
        """Return the checks that a statistical test may fail by chance.

        Under the rule of identical predictions, a test only tells an improvement.
        """
        return [
            record
            for record in self.records
            if record.verdict is not None
            and record.verdict.by_test
            and record.verdict.rule != IDENTICAL
        ]


def _is_watched(record: Record) -> bool:
    return record.verdict is not None and record.verdict.e_value is not None


def _rule(record: Record) -> str:
    if record.verdict is None:
        return ""
    return f"{record.verdict.rule}: "


def row_of(record: Record) -> tuple[str, str, str, str, str, str]:
    """Return the cells of a check in the table."""
    return (
        record.name,
        record.protocol,
        _percent_or_dash(record.accuracy),
        _percent_or_dash(record.reference),
        _difference(record),
        _WORDS.get(record.word, record.word),
    )


def _difference(record: Record) -> str:
    if record.verdict is None or record.verdict.difference is None:
        return "-"
    return f"{100 * record.verdict.difference:+.2f} points"


def _percent_or_dash(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{100 * value:.2f} %"


def _percent(value: float) -> str:
    return f"{100 * value:.3g} %"


def _cells(cells: Sequence[str]) -> str:
    escaped = [_escaped(cell).replace("|", "\\|") for cell in cells]
    return f"| {' | '.join(escaped)} |"


def _escaped(text: str) -> str:
    """Return text that Markdown shows as it is."""
    for character in "\\`*_<>[]":
        text = text.replace(character, f"\\{character}")
    return text.replace("\n", " ")
