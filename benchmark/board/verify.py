"""Check a whole board, or what a pull request changes in it."""

from collections.abc import Iterator
from dataclasses import dataclass

from fewbench.errors import UserError

from ..submission.bundle import bundle_sha256
from ..submission.findings import Finding, error, note, warning
from ..submission.verdict import (
    CHECK_VERSION,
    Verdict,
    load_verdict,
    save_verdict,
    verdict_on,
)
from .add import check_for
from .duplicates import Neighbour, neighbours
from .entries import Listed, listed_entries
from .folder import LOG, RULES, SETTINGS, BoardFolder
from .history import content_at_merge_base, files_at_merge_base, is_unchanged
from .log import read_log

_RESTORE = "Restore it: git checkout BASE -- this file"


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
    """
    board.settings()
    entries = listed_entries(read_log(board.log))
    findings: list[Finding] = []
    old: dict[str, str] = {}
    if scope.base:
        old = files_at_merge_base(board.path, scope.base)
        findings += _check_kept(board, old, scope.base)
    findings += _check_files(board, entries)
    earlier = neighbours(board)
    for listed in entries.values():
        if not board.bundle(listed.id).is_file():
            continue
        if _is_old(board, listed, old):
            findings += _check_version(board, listed)
        else:
            findings += _check_entry(board, listed, scope, earlier)
    return findings


def _check_kept(
    board: BoardFolder, old: dict[str, str], base: str
) -> Iterator[Finding]:
    """Check that nothing of the base is missing or changed, and that the log goes on."""
    for name, sha in old.items():
        path = board.path / name
        if not path.is_file():
            yield error("dropped", name, "the base has it, and it is gone", _RESTORE)
        elif name.startswith("bundles/") and not is_unchanged(path, sha):
            yield error("changed", name, "it is not the file of the base", _RESTORE)
        elif name in (SETTINGS, RULES) and not is_unchanged(path, sha):
            yield warning("changed", name, "it differs from the base", "Look at it")
    if LOG in old:
        before = content_at_merge_base(board.path, base, LOG)
        if not board.log.read_bytes().startswith(before):
            what = "its first lines are not those of the base"
            yield error("log", LOG, what, "Only add lines at its end")


def _check_files(board: BoardFolder, entries: dict[str, Listed]) -> Iterator[Finding]:
    """Check that the bundles are those of the log."""
    for path in board.bundles():
        if path.name.removesuffix(".fewbench.zip") not in entries:
            advice = f"Add it: fewbench leaderboard add {board.path} {path.name}"
            yield error("not-in-log", path.name, "the log does not have it", advice)
    for listed in entries.values():
        path = board.bundle(listed.id)
        if not path.is_file():
            yield error(
                "no-bundle", path.name, "the log has it, and it is gone", _RESTORE
            )
        elif bundle_sha256(path) != listed.bundle_sha256:
            yield error(
                "changed", path.name, "its SHA-256 is not that of the log", _RESTORE
            )


def _is_old(board: BoardFolder, listed: Listed, old: dict[str, str]) -> bool:
    """Tell whether the base has both the bundle and the verdict of an entry."""
    for path in (board.bundle(listed.id), board.verdict(listed.bundle_sha256)):
        blob = old.get(path.relative_to(board.path).as_posix())
        if blob is None or not path.is_file() or not is_unchanged(path, blob):
            return False
    return True


def _check_entry(
    board: BoardFolder, listed: Listed, scope: Scope, earlier: list[Neighbour]
) -> Iterator[Finding]:
    """Check a bundle again, and compare its verdict with the one that is kept."""
    replaces = _replaced(board, listed)
    path = board.bundle(listed.id)
    checked = check_for(board, path, replaces, earlier, is_new=bool(scope.base))
    for finding in checked.findings:
        if finding.level == "error":
            yield error(
                finding.code,
                f"{path.name}: {finding.where}",
                finding.what,
                finding.advice,
            )
    verdict = verdict_on(checked)
    kept = _kept(board, listed)
    if kept is not None and _same(kept, verdict):
        if scope.base and kept.reruns:
            what = "its verdict says that the checkpoints were evaluated again"
            advice = "Only a maintainer says so: write it after the merge"
            yield error("rerun-claimed", path.name, what, advice)
        return
    if scope.update:
        save_verdict(verdict, board.verdicts)
        yield note("verdict", path.name, "its verdict was written again")
        return
    what = "there is no verdict on it" if kept is None else "its verdict is another one"
    yield error("verdict", path.name, what, _update(board))


def _check_version(board: BoardFolder, listed: Listed) -> Iterator[Finding]:
    kept = _kept(board, listed)
    if kept is None or kept.check_version != CHECK_VERSION:
        what = (
            f"expected a verdict of version {CHECK_VERSION} of the checks, got another"
        )
        yield error("verdict", listed.id, what, _update(board))


def _kept(board: BoardFolder, listed: Listed) -> Verdict | None:
    try:
        return load_verdict(board.verdict(listed.bundle_sha256))
    except UserError:
        return None


def _same(kept: Verdict, verdict: Verdict) -> bool:
    """Tell whether a verdict that is kept says what the checks found now.

    What a re-run found cannot be repeated here. A maintainer vouches for it.
    """
    return (
        kept.check_version == verdict.check_version
        and kept.card == verdict.card
        and kept.results == verdict.results
        and (kept.trust == "refused") == (verdict.trust == "refused")
    )


def _replaced(board: BoardFolder, listed: Listed) -> str:
    """Return the id of the entry that an entry replaced; "" for none."""
    for event in read_log(board.log):
        if event.entry == listed.id and event.replaces:
            return event.replaces
    return ""


def _update(board: BoardFolder) -> str:
    return f"Make it: fewbench leaderboard verify {board.path} --update"
