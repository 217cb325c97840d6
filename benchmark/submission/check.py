"""Make all checks of a submission that need neither its model nor the images."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

from fewbench.documents import (
    UPGRADE,
    DocumentError,
    fit,
    newer_version,
    parse_json,
    read_bytes,
)
from fewbench.files import file_digest

from .bundle import Unpacked, unpacked
from .card import Card, read_card
from .check_card import check_card
from .check_checkpoints import check_checkpoints
from .check_results import check_results
from .contents import (
    DOCUMENT,
    SCHEMA,
    SCHEMA_VERSION,
    Contents,
    is_text,
    result_names,
)
from .findings import Finding, bounded, error
from .one_result import SubmittedResult
from .privacy import private_paths, private_texts

_PACK = "Pack it again: fewbench submission pack"
_MOST_PRIVATE = 50  # more paths are not listed


@dataclass(frozen=True)
class CheckedSubmission:
    """A submission with everything that the checks found.

    name: the file name of the bundle
    card: what the authors say; None if it has faults
    results: the results that could be read
    """

    name: str
    sha256: str
    made_with: str
    card: Card | None
    results: list[SubmittedResult]
    findings: list[Finding]

    @property
    def has_passed(self) -> bool:
        """Whether there is no error. Warnings and notes are allowed."""
        return all(finding.level != "error" for finding in self.findings)


def check_submission(path: Path, card_label: str = "") -> CheckedSubmission:
    """Check a bundle, and return all findings.

    card_label: the file that the card came from, if it was just packed
    Raises UserError if there is no such file.
    """
    path = Path(path)
    with unpacked(path) as bundle:
        return _check(path.name, bundle, card_label or f"{DOCUMENT}: card")


def _check(name: str, bundle: Unpacked, card_label: str) -> CheckedSubmission:
    findings = list(bundle.findings)
    sha256 = bundle.sha256
    if findings and not bundle.names:
        # Nothing of it could be read, so nothing else can be said.
        return CheckedSubmission(name, sha256, "unknown", None, [], findings)
    document, refused = _read_document(bundle)
    findings += refused
    contents = None
    card = None
    if document is not None:
        contents, refused = _read_contents(document)
        findings += refused
        card, refused = read_card(document.get("card", {}), card_label)
        findings += refused
    if contents is not None:
        findings += _check_files(contents, bundle)
    results, refused = check_results(bundle.folder, bundle.names, card)
    findings += refused
    if card is not None:
        # If a result cannot be read, nobody knows which seeds are there.
        is_complete = len(results) == len(result_names(bundle.names))
        findings += check_card(card, results, card_label, is_complete=is_complete)
    enclosed = check_checkpoints(bundle.folder, bundle.names)
    private = chain(enclosed, _check_privacy(bundle, card_label))
    findings += islice(private, _MOST_PRIVATE)
    made_with = contents.made_with if contents else "unknown"
    return CheckedSubmission(name, sha256, made_with, card, results, bounded(findings))


def _read_document(bundle: Unpacked) -> tuple[dict[str, Any] | None, list[Finding]]:
    """Read submission.json; None with an error if it is missing or damaged."""
    if DOCUMENT not in bundle.names:
        return None, [error("document", DOCUMENT, "it is missing", _PACK)]
    try:
        document = parse_json(read_bytes(bundle.folder / DOCUMENT))
    except DocumentError as damage:
        return None, [error("document", DOCUMENT, str(damage), _PACK)]
    if not isinstance(document, dict):
        return None, [error("document", DOCUMENT, "it is no JSON object", _PACK)]
    return document, []


def _read_contents(document: dict[str, Any]) -> tuple[Contents | None, list[Finding]]:
    newer = newer_version(document, SCHEMA_VERSION)
    if newer is not None:
        what = f"expected schema_version {SCHEMA_VERSION} or older, got {newer}"
        advice = UPGRADE
        return None, [error("document", DOCUMENT, what, advice)]
    try:
        return fit(document, SCHEMA), []
    except DocumentError as fault:
        return None, [error("document", DOCUMENT, str(fault), _PACK)]


def _check_files(contents: Contents, bundle: Unpacked) -> Iterator[Finding]:
    """Compare the files of a bundle with the list in its document."""
    found = set(bundle.names) - {DOCUMENT}
    refused = {finding.where for finding in bundle.findings}
    for name in sorted(set(contents.files) - found - refused):
        yield error("files", name, "it is listed, but it is not in the bundle", _PACK)
    for name in sorted(found - set(contents.files)):
        yield error("files", name, f"{DOCUMENT} does not list it", _PACK)
    for name in sorted(found & set(contents.files)):
        expected = contents.files[name]
        got = file_digest(bundle.folder / name, "sha256")
        if got != expected:
            what = f"it was changed: expected the sha256 {expected:.16}, got {got:.16}"
            yield error("files", name, what, _PACK)


def _check_privacy(bundle: Unpacked, card_label: str) -> Iterator[Finding]:
    """Look for paths of somebody's machine, which often hold a user name."""
    for name in filter(is_text, bundle.names):
        for where, path in _private(bundle.folder / name):
            what = f"it tells a path of your machine: {path}"
            yield _private_finding(name, where, what, card_label)


def _private_finding(name: str, where: str, what: str, card_label: str) -> Finding:
    in_card = ": card."
    if name == DOCUMENT and where.startswith(in_card):
        field = where.removeprefix(in_card)
        advice = "Write it without the path"
        return error("private", f"{card_label}: {field}", what, advice)
    advice = "Pack it again with fewbench submission pack, which removes paths"
    return error("private", f"{name}{where}", what, advice)


def _private(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the private paths in a file, with their places."""
    if path.suffix == ".json":
        try:
            document = parse_json(read_bytes(path))
        except DocumentError:
            return  # another check says so
        for field, found in private_texts(document):
            yield f": {field}", found
        return
    text = path.read_bytes().decode("utf-8", "replace")
    for number, line in enumerate(text.splitlines(), start=1):
        for found in private_paths(line):
            yield f", line {number}", found
