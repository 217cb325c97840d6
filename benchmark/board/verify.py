"""Check a whole board, or what a pull request changes in it."""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace

from fewbench.errors import UserError

from ..submission.bundle_bytes import bundle_sha256
from ..submission.check import CheckedSubmission, check_submission
from ..submission.contents import SUFFIX
from ..submission.findings import Finding, error, note, warning
from ..submission.verdict import (
    CHECK_VERSION,
    Verdict,
    load_verdict,
    save_verdict,
    verdict_on,
)
from .duplicates import Neighbour, against_board, check_protocols, neighbours
from .entries import Listed, listed_entries
from .folder import BUNDLES, VERDICTS, BoardFolder
from .log import read_log
from .pull_request import Base, check_kept, check_log, read_base

_GONE = "Copy it again from the branch that has it"
_NO_VERDICT = "there is no verdict on it that can be read"


@dataclass(frozen=True)
class Scope:
    """What is verified.

    base: the branch that a pull request goes to; "" to check the whole board
    update: whether verdicts that are missing or of an older version are written
    """

    base: str = ""
    update: bool = False


def verify_board(board: BoardFolder, scope: Scope) -> list[Finding]:
    """Return everything that is wrong with a board.

    Without a base, every bundle is checked again. With a base, only those that are new, and
    nothing that the base has may be missing or changed.
    Raises UserError if the folder is no board, or if its log is damaged.
    Raises Busy if verdicts are to be written and another process is changing the board.
    """
    board.settings()
    if not scope.update:  # the board may be read-only
        return _findings(board, scope)
    with board.writing():
        return _findings(board, scope)


def _findings(board: BoardFolder, scope: Scope) -> list[Finding]:
    entries = listed_entries(read_log(board.log))
    findings: list[Finding] = []
    base = Base()
    if scope.base:
        base = read_base(board, scope.base)
        findings += check_kept(board, base)
        findings += check_log(board, base)
    findings += _check_files(board, entries)
    earlier = neighbours(board)
    for listed in entries.values():
        if not board.bundle(listed.id).is_file():
            continue
        if base.has(f"{BUNDLES}/{listed.id}{SUFFIX}"):
            findings += _check_kept(board, listed)
            continue
        checked = check_submission(board.bundle(listed.id))
        if checked.sha256 != listed.bundle_sha256:
            findings.append(_changed(board, listed))
            continue
        if scope.base:
            findings += _check_new(board, listed, checked, earlier)
        findings += _check_verdict(board, listed, checked, update=scope.update)
    return findings


def _check_files(board: BoardFolder, entries: dict[str, Listed]) -> Iterator[Finding]:
    """Check that the bundles are those of the log, and that there are no other files."""
    for path in board.bundles():
        if path.name.removesuffix(SUFFIX) not in entries:
            advice = (
                f"Move it out of the board, then: fewbench leaderboard add "
                f"{shlex.quote(str(board.path))} {shlex.quote(path.name)}"
            )
            yield error("not-in-log", path.name, "the log does not have it", advice)
    for listed in entries.values():
        path = board.bundle(listed.id)
        if not path.is_file():
            yield error("no-bundle", path.name, "the log has it, and it is gone", _GONE)
    hashes = {listed.bundle_sha256 for listed in entries.values()}
    for path in board.files():
        is_verdict = path.suffix == ".json" and path.stem in hashes
        in_bundles = path.parent.name == BUNDLES and not path.name.endswith(SUFFIX)
        if in_bundles or (path.parent.name == VERDICTS and not is_verdict):
            what = "no entry of the log has it"
            yield warning(
                "unknown", f"{path.parent.name}/{path.name}", what, "Remove it"
            )


def _check_new(
    board: BoardFolder,
    listed: Listed,
    checked: CheckedSubmission,
    earlier: list[Neighbour],
) -> Iterator[Finding]:
    """Check an entry of a pull request beside the entries before it."""
    path = board.bundle(listed.id)
    beside = [
        *check_protocols(board, checked),
        *against_board(checked, listed.id, earlier, listed.replaces),
    ]
    for finding in beside:
        # A maintainer may let others replace an entry. A pull request may not.
        level = "error" if finding.code == "replaces" else finding.level
        yield replace(finding, level=level, where=f"{path.name}: {finding.where}")
    kept = _kept(board, listed)
    if kept is not None and kept.reruns:
        what = "its verdict says that the checkpoints were evaluated again"
        advice = "Only a maintainer says so: write it after the merge"
        yield error("rerun-claimed", path.name, what, advice)


def _check_verdict(
    board: BoardFolder, listed: Listed, checked: CheckedSubmission, *, update: bool
) -> Iterator[Finding]:
    """Compare the verdict on a bundle with the one that is kept.

    What a re-run found cannot be repeated here. It is taken from the verdict that is kept.
    """
    path = board.bundle(listed.id)
    kept = _kept(board, listed)
    verdict = verdict_on(checked, kept.reruns if kept else ())
    for finding in verdict.findings:
        if finding.level == "error":
            yield replace(finding, where=f"{path.name}: {finding.where}")
    if kept == verdict:
        return
    if update:
        save_verdict(verdict, board.verdicts)
        yield note("verdict", path.name, "its verdict was written again")
        return
    what = "its verdict is another one" if kept else _NO_VERDICT
    yield error("verdict", path.name, what, _update(board))


def _changed(board: BoardFolder, listed: Listed) -> Finding:
    path = board.bundle(listed.id)
    return error("changed", path.name, "its SHA-256 is not that of the log", _GONE)


def _check_kept(board: BoardFolder, listed: Listed) -> Iterator[Finding]:
    """Check an entry that the base has: its bundle is not checked again."""
    if bundle_sha256(board.bundle(listed.id)) != listed.bundle_sha256:
        yield _changed(board, listed)
    kept = _kept(board, listed)
    if kept is None:
        yield error("verdict", listed.id, _NO_VERDICT, _update(board))
    elif kept.check_version != CHECK_VERSION:
        what = (
            f"expected a verdict of version {CHECK_VERSION} of the checks, got version "
            f"{kept.check_version}"
        )
        yield error("verdict", listed.id, what, _update(board))


def _kept(board: BoardFolder, listed: Listed) -> Verdict | None:
    try:
        return load_verdict(board.verdict(listed.bundle_sha256))
    except UserError:
        return None


def _update(board: BoardFolder) -> str:
    return (
        f"Make it: fewbench leaderboard verify {shlex.quote(str(board.path))} --update"
    )
