"""The verdict on a bundle: what the checks found, and the numbers that a board shows.

A board keeps a verdict for each bundle, and builds its pages from the verdicts alone. The
name of a verdict's file is the SHA-256 of the bundle.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, field
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter
from pydantic.dataclasses import dataclass

from fewbench.documents import (
    UPGRADE,
    DocumentError,
    fit,
    newer_version,
    parse_json,
    read_bytes,
)
from fewbench.errors import UserError
from fewbench.files import write_text

from ...reports.origin import RECORD, Sha256
from .agreement import agreement
from .card import Card
from .check import CheckedSubmission
from .findings import Finding
from .rerun_record import Rerun
from .scored_result import ScoredResult, scored

# The version of all checks together. A verdict of an older version has to be made again.
CHECK_VERSION = 1
SCHEMA_VERSION = 1
Trust = Literal["refused", "re-scored", "re-run"]


@dataclass(frozen=True, kw_only=True, config=RECORD)
class Verdict:
    """What the checks of a bundle found.

    bundle: the file name of the bundle
    trust: "refused" if there is an error; "re-run" if its checkpoints were evaluated too
    reruns: what the evaluation of each checkpoint found; [] without one
    class_names: name of a protocol -> the names of the classes of its split
    agreement: file of a result -> how far its hits agree with the hit rates of images
    """

    check_version: int
    bundle: str
    bundle_sha256: Sha256
    made_with: str
    trust: Trust
    findings: list[Finding]
    card: Card | None
    results: list[ScoredResult]
    reruns: list[Rerun] = field(default_factory=list)
    class_names: dict[str, list[str]] = field(default_factory=dict)
    agreement: dict[str, float] = field(default_factory=dict)


SCHEMA = TypeAdapter(Verdict)


def verdict_on(checked: CheckedSubmission, reruns: Sequence[Rerun] = ()) -> Verdict:
    """Return the verdict on a bundle.

    reruns: what the evaluation of each checkpoint found, now or at an earlier check
    """
    findings = list(checked.findings)
    for one in reruns:
        findings += one.findings()
    return Verdict(
        check_version=CHECK_VERSION,
        bundle=checked.name,
        bundle_sha256=checked.sha256,
        made_with=checked.made_with,
        trust=_trust(checked, findings, reruns),
        findings=findings,
        card=checked.card,
        results=[scored(one) for one in checked.results],
        reruns=list(reruns),
        class_names=_class_names(checked),
        agreement=dict(_agreements(checked)),
    )


def verdict_path(folder: Path, sha256: str) -> Path:
    """Return the path of the verdict on a bundle in a folder of verdicts."""
    return folder / f"{sha256}.json"


def save_verdict(verdict: Verdict, folder: Path) -> Path:
    """Write a verdict into a folder of verdicts, and return its path."""
    path = verdict_path(folder, verdict.bundle_sha256)
    document = {"schema_version": SCHEMA_VERSION, **asdict(verdict)}
    text = json.dumps(document, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return write_text(path, f"{text}\n")


def load_verdict(path: Path) -> Verdict:
    """Read a verdict.

    Raises UserError if it is missing or damaged, or was written by a newer fewbench.
    """
    advice = "Check the bundle again: fewbench submission check FILE --board FOLDER"
    try:
        document = parse_json(read_bytes(path))
        newer = newer_version(document, SCHEMA_VERSION)
        if newer is None:
            return fit(document, SCHEMA)
    except (OSError, DocumentError) as damage:
        raise UserError(
            f"{path}: cannot read the verdict: expected a file as fewbench submission check "
            f"writes it, got {damage}. {advice}"
        ) from damage
    raise UserError(
        f"{path}: written by a newer fewbench: expected schema_version {SCHEMA_VERSION} or "
        f"older, got {newer}. {UPGRADE}"
    )


def _class_names(checked: CheckedSubmission) -> dict[str, list[str]]:
    """Return the names of the classes, which are the same for all seeds of a protocol."""
    results = [one.result for one in checked.results]
    return {one.protocol.name: one.class_names.tolist() for one in results}


def _agreements(checked: CheckedSubmission) -> Iterator[tuple[str, float]]:
    for one in checked.results:
        found = agreement(one.result)
        if found is not None:
            yield one.name, found


def _trust(
    checked: CheckedSubmission, findings: Sequence[Finding], reruns: Sequence[Rerun]
) -> Trust:
    """Return the level of trust: "re-run" only if each result was evaluated again."""
    if any(finding.level == "error" for finding in findings):
        return "refused"
    run = {one.file for one in reruns}
    if run and run == {one.name for one in checked.results}:
        return "re-run"
    return "re-scored"
