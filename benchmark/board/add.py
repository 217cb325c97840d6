"""Change a board: add a bundle, withdraw an entry, or write a line into the log."""

import re
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

from fewbench.errors import UserError
from fewbench.files import write_bytes

from ..submission.check import CheckedSubmission, check_submission
from ..submission.contents import SUFFIX
from ..submission.verdict import Verdict, load_verdict, save_verdict, verdict_on
from .duplicates import Neighbour, against_board, check_protocols, neighbours
from .entries import Listed, listed_entries
from .folder import BoardFolder
from .log import ID_PATTERN, Action, Event, append_event, read_log, today


def add_bundle(
    board: BoardFolder, bundle: Path, replaces: str = "", text: str = ""
) -> Verdict:
    """Check a bundle, and add it to a board if there is no error. Return the verdict.

    The verdict is kept in any case. The log is written last: an entry is on the board if
    the log says so.
    replaces: the id of the entry that the bundle replaces; "" for none
    text: a remark for the log
    Raises UserError if the name of the bundle is taken or cannot be an id, or if there is
    no current entry `replaces`.
    """
    board.settings()
    with board.writing():
        entry = entry_id(bundle)
        checked = check_for(board, bundle, replaces)
        verdict = _with_rerun(board, verdict_on(checked))
        event = Event(
            date=today(),
            action="updated" if replaces else "added",
            entry=entry,
            bundle_sha256=checked.sha256,
            replaces=replaces,
            text=text,
        )
        _check_adding(board, event)
        save_verdict(verdict, board.verdicts)
        if checked.has_passed:
            write_bytes(board.bundle(entry), bundle.read_bytes(), durable=True)
            append_event(board.log, event)
    return verdict


def record(board: BoardFolder, action: Action, entry: str, text: str) -> None:
    """Write a line about an entry into the log: its withdrawal, an objection, a link.

    Raises UserError if there is no such entry, or if the text is empty.
    """
    if not text.strip():
        raise UserError(
            f"{entry}: cannot write into the log: expected a reason, got an empty text. Add "
            f"for example --reason 'its authors asked for it'"
        )
    with board.writing():
        event = Event(date=today(), action=action, entry=entry, text=text)
        _require_entry(board, listed_entries(read_log(board.log)), entry)
        append_event(board.log, event)


def _check_adding(board: BoardFolder, event: Event) -> None:
    """Raise UserError if the id is taken, or if no current entry can be replaced."""
    entries = listed_entries(read_log(board.log))
    if event.entry in entries:
        raise UserError(
            f"{event.entry}: is on the board already: expected a new id, got that of an "
            f"entry. Rename the file, for example to {event.entry}-v2{SUFFIX}, and add it "
            f"with --replaces {event.entry}"
        )
    if not event.replaces:
        return
    _require_entry(board, entries, event.replaces)
    standing = entries[event.replaces].standing
    if standing != "current":
        raise UserError(
            f"--replaces {event.replaces}: expected a current entry, got one that was "
            f"{standing}. Add the new one without --replaces"
        )


def _require_entry(board: BoardFolder, entries: dict[str, Listed], entry: str) -> None:
    if entry not in entries:
        near = get_close_matches(entry, entries, n=3)
        hint = f"It has for example {', '.join(near or list(entries)[:3])}"
        raise UserError(
            f"{entry}: is not on the board {board.path}: expected the id of an entry, got "
            f"another name. {hint if entries else 'It has no entry yet'}"
        )


def check_for(
    board: BoardFolder,
    bundle: Path,
    replaces: str = "",
    earlier: Sequence[Neighbour] | None = None,
    *,
    is_new: bool = True,
) -> CheckedSubmission:
    """Check a bundle, also beside the entries of a board.

    replaces: the id of the entry that the bundle replaces; "" for none
    earlier: the entries of the board; None to read them
    is_new: whether the board may still refuse its protocols
    """
    checked = check_submission(bundle)
    others = neighbours(board) if earlier is None else earlier
    if is_new:
        checked.findings.extend(check_protocols(board, checked))
    checked.findings.extend(against_board(checked, others, replaces))
    return checked


def entry_id(bundle: Path) -> str:
    """Return the id that a bundle gives to its entry: its name without the suffix.

    Raises UserError if the name cannot be an id.
    """
    entry = bundle.name.removesuffix(SUFFIX)
    if bundle.name.endswith(SUFFIX) and re.fullmatch(ID_PATTERN, entry):
        return entry
    raise UserError(
        f"{bundle}: the name cannot be an id: expected lower-case letters, digits, dots and "
        f"hyphens before {SUFFIX}, got {bundle.name}. Rename the file"
    )


def _with_rerun(board: BoardFolder, verdict: Verdict) -> Verdict:
    """Keep what an earlier re-run of this very bundle found."""
    path = board.verdict(verdict.bundle_sha256)
    if not path.is_file() or verdict.trust == "refused":
        return verdict
    earlier = load_verdict(path)
    same = earlier.check_version == verdict.check_version
    return earlier if same and earlier.reruns else verdict
