"""Describe checks of results beside references as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from fewbench.documents import in_lines

from .describe import result_label
from .percent import digits

if TYPE_CHECKING:
    from ..guard.references.reference_folder import StoredReference
    from ..guard.regress import Check
    from ..guard.verdict import Rules, Verdict

    Judged = Sequence[tuple[Check, Verdict]]


def checks_document(judged: Judged, rules: Rules) -> dict[str, Any]:
    """Return all checks as JSON, with unrounded numbers. `alpha` is that of all checks."""
    checks = []
    for check, verdict in judged:
        key = check.stored.reference.key
        entry = {
            "name": key.name,
            "protocol": key.protocol,
            "reference": str(check.stored.folder),
            "results": [result.file_stem for result in check.results],
            **verdict.document(),
        }
        checks.append(entry)
    return {
        "alpha": rules.alpha,
        "alpha_of_each_check": rules.alpha / len(judged),
        "checks": checks,
    }


def checks_text(judged: Judged, rules: Rules) -> str:
    """Return the verdict on each check with its reason, and a summary."""
    blocks = []
    for check, verdict in judged:
        blocks.append(_check_text(check, verdict))
    blocks.append(_summary(judged, rules))
    return "\n\n".join(blocks)


def saved_document(saved: Iterable[StoredReference]) -> dict[str, Any]:
    """Return saved references as JSON."""
    entries = []
    for stored in saved:
        reference = stored.reference
        entry = {
            "path": str(stored.folder),
            "name": reference.key.name,
            "protocol": reference.key.protocol,
            "kind": reference.kind,
            "runs": len(reference.runs),
            "mean": reference.mean,
            "spread": reference.spread,
            "sha256": stored.sha256,
        }
        entries.append(entry)
    return {"saved": entries}


def saved_text(saved: Iterable[StoredReference]) -> str:
    """Return a line for each saved reference."""
    lines = []
    for stored in saved:
        reference = stored.reference
        line = f"{stored.folder}: saved {100 * reference.mean:.2f} %"
        if reference.spread is not None:
            n_runs = len(reference.runs)
            line += (
                f" ± {100 * reference.spread:.2f} (standard deviation, {n_runs} runs)"
            )
        lines.append(line)
    return in_lines(lines)


def dropped_text(
    replaced: Iterable[StoredReference], saved: Iterable[StoredReference]
) -> str:
    """Return a line for each reference that had ten times the episodes, and has none now."""
    without = {one.folder for one in saved if one.reference.ten_times is None}
    lines = []
    for stored in replaced:
        if stored.reference.ten_times is not None and stored.folder in without:
            lines.append(
                f"{stored.folder}: its ten times the episodes were removed, since they "
                f"belong to the old result. pytest saves new ones with "
                f"--accuracy-tier=nightly"
            )
    return in_lines(lines)


def _check_text(check: Check, verdict: Verdict) -> str:
    key = check.stored.reference.key
    labels = ", ".join(map(result_label, check.results))
    lines = [
        f"{verdict.outcome.upper()}: {labels}",
        f"  reference: {key.name} ({check.stored.folder})",
        f"  rule: {verdict.rule}",
        f"  {verdict.reason}",
    ]
    for remark in verdict.remarks:
        lines.append(f"  {remark}")
    if verdict.outcome == "fail" and check.stored.folder.is_dir():
        lines.append(
            f"  If this is as it should be, accept it: {check.stored.update_command}"
        )
    return in_lines(lines)


def _summary(judged: Judged, rules: Rules) -> str:
    counts: dict[str, int] = {}
    for _, verdict in judged:
        counts[verdict.outcome] = counts.get(verdict.outcome, 0) + 1
    listed = ", ".join(f"{n} {outcome}" for outcome, n in counts.items())
    text = f"{listed}; alpha {digits(100 * rules.alpha)} %"
    if len(judged) > 1:
        each = digits(100 * rules.alpha / len(judged))
        text += f" for all {len(judged)} checks, {each} % for each"
    return text
