"""Describe the findings of a check of a submission as text and as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from fewbench.documents import counted, in_lines, shown

if TYPE_CHECKING:
    from ..submission.rerun_record import Rerun
    from ..submission.scored_result import ScoredResult
    from ..submission.verdict import Verdict

_MEANING = {
    "refused": "a board does not take it before the errors are corrected",
    "re-scored": "arithmetic, episodes and hashes hold; nobody ran the model",
    "re-run": "the checkpoints gave these answers again",
}


def verdict_document(verdict: Verdict) -> dict[str, Any]:
    """Return a verdict as JSON, without the answers of single episodes and classes."""
    results = [_result_document(one) for one in verdict.results]
    return {
        "bundle": verdict.bundle,
        "bundle_sha256": verdict.bundle_sha256,
        "check_version": verdict.check_version,
        "trust": verdict.trust,
        "passed": verdict.trust != "refused",
        "findings": [asdict(finding) for finding in verdict.findings],
        "results": results,
        "reruns": [asdict(one) for one in verdict.reruns],
        "agreement": verdict.agreement,
    }


def verdict_text(verdict: Verdict) -> str:
    """Return all findings, a line each, then the numbers and the level of trust."""
    lines = [finding.line for finding in verdict.findings]
    for one in verdict.results:
        lines.append(f"{one.protocol.name}, seed {one.train_seed}: {_accuracy(one)}")
    for name, agreement in verdict.agreement.items():
        lines.append(f"{name}: agreement with the hit rates of images {agreement:.2f}")
    lines += [_rerun_text(one) for one in verdict.reruns]
    n_errors = sum(finding.level == "error" for finding in verdict.findings)
    errors = counted(n_errors, "error")
    name = shown(verdict.bundle)
    trust = verdict.trust
    lines.append(f"{name}: {trust}, {errors}: {_MEANING[trust]}")
    return in_lines(lines)


def _result_document(one: ScoredResult) -> dict[str, Any]:
    document = asdict(one)
    del document["correct"], document["classes"]
    return document


def _rerun_text(one: Rerun) -> str:
    fresh = f"{100 * one.fresh_mean:.2f} % on {one.n_fresh} fresh episodes"
    low, high = 100 * one.low, 100 * one.high
    limits = f"{low:.2f} to {high:.2f} points, {100 * one.level:g} %"
    return (
        f"{one.file}, evaluated again: {one.reason}; {fresh} (seed {one.fresh_seed}); "
        f"submitted minus fresh: {limits}"
    )


def _accuracy(one: ScoredResult) -> str:
    mean = f"{100 * one.mean:.2f} %"
    found = one.interval
    if found is None:
        return mean
    low, high = 100 * found.low, 100 * found.high
    return f"{mean} ({low:.2f} to {high:.2f} %, {100 * found.level:g} %, {found.kind})"
