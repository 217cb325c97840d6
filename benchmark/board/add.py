"""Change a board: add a bundle, withdraw an entry, or write a line into the log."""

import hashlib
import re
import shlex
from collections.abc import Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path

from fewbench.errors import UserError
from fewbench.files import write_bytes

from ..submission.bundle_bytes import changed_meanwhile
from ..submission.check import check_submission
from ..submission.contents import SUFFIX
from ..submission.findings import Finding
from ..submission.rerun_record import Rerun
from ..submission.verdict import Verdict, load_verdict, save_verdict, verdict_on
from .duplicates import against_board, check_protocols, neighbours
from .entries import Listed, listed_entries
from .folder import BoardFolder
from .log import ID_PATTERN, Action, Event, append_event, make_event, read_log, today

# Windows takes these names for devices, with any suffix.
_DEVICES = {"con", "prn", "aux", "nul"}
_DEVICES |= {f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10)}
_ADDRESS = re.compile(r"https?://\S+")


def add_bundle(
    board: BoardFolder, bundle: Path, replaces: str = "", text: str = ""
) -> Verdict:
    """Check a bundle, and add it to a board if there is no error. Return the verdict.

    The log is written last: an entry is on the board if the log says so. The verdict that
    is returned also has what the check beside the other entries found.
    replaces: the id of the entry that the bundle replaces; "" for none
    text: a remark for the log
    Raises UserError if the name of the bundle is taken or cannot be an id, or if there is
    no current entry `replaces`.
    """
    board.settings()
    with board.writing():
        entry = entry_id(bundle)
        checked = check_submission(bundle)
        event = make_event(
            date=today(),
            action="updated" if replaces else "added",
            entry=entry,
            bundle_sha256=checked.sha256,
            replaces=replaces,
            text=text,
        )
        _check_adding(board, event)
        verdict = verdict_on(checked, earlier_reruns(board, checked.sha256))
        beside = [
            *check_protocols(board, checked),
            *against_board(checked, entry, neighbours(board), replaces),
        ]
        shown = with_findings(verdict, beside)
        if shown.trust != "refused":
            data = _unchanged(bundle, checked.sha256)
            save_verdict(verdict, board.verdicts)
            write_bytes(board.bundle(entry), data, durable=True)
            append_event(board.log, event)
    return shown


def _unchanged(bundle: Path, sha256: str) -> bytes:
    """Return the bytes of a bundle. Raises UserError if they are not the checked ones."""
    data = bundle.read_bytes()
    if hashlib.sha256(data).hexdigest() != sha256:
        raise changed_meanwhile(bundle, sha256)
    return data


def record(board: BoardFolder, action: Action, entry: str, text: str) -> None:
    """Write a line about an entry into the log: its withdrawal, an objection, a link.

    Raises UserError if there is no such entry, if its newest line says the same, if the
    text is empty, or if the link of a training is no address.
    """
    board.settings()
    if not text.strip():
        raise UserError(
            f"{entry}: cannot write into the log: expected a reason, got an empty text. Add "
            f"for example --reason 'its authors asked for it'"
        )
    if action == "re-trained" and not _ADDRESS.fullmatch(text):
        raise UserError(
            f"--retrained {text:.80}: expected an address, got something else. Type for "
            f"example --retrained https://example.org/run"
        )
    with board.writing():
        events = read_log(board.log)
        entries = listed_entries(events)
        _require_entry(board, entries, entry)
        if action == "withdrawn" and entries[entry].standing == "withdrawn":
            raise UserError(
                f"{entry}: is withdrawn already: expected an entry that is not, got one "
                f"that was withdrawn before. To say more about it: fewbench leaderboard "
                f"note {shlex.quote(str(board.path))} {entry} --objection TEXT"
            )
        event = make_event(date=today(), action=action, entry=entry, text=text)
        _refuse_repetition(events, event)
        append_event(board.log, event)


def _refuse_repetition(events: Sequence[Event], event: Event) -> None:
    """Raise UserError if the newest line about an entry says the same already.

    Whoever types a command again after an interruption does not know that it was done.
    """
    about = [one for one in events if one.entry == event.entry]
    newest = about[-1]
    if (newest.action, newest.text) == (event.action, event.text):
        raise UserError(
            f"{event.entry}: the log says so already: expected something new about this "
            f"entry, got its newest line again ({event.action}). Nothing is left to do; to "
            f"say more, type another text"
        )


def earlier_reruns(board: BoardFolder, sha256: str) -> list[Rerun]:
    """Return what an earlier re-run of a bundle found; [] if there was none.

    Raises UserError if the verdict is damaged.
    """
    path = board.verdict(sha256)
    return load_verdict(path).reruns if path.is_file() else []


def with_findings(verdict: Verdict, more: Sequence[Finding]) -> Verdict:
    """Return a verdict with more findings; it is refused if one of them is an error."""
    refused = any(finding.level == "error" for finding in more)
    trust = "refused" if refused else verdict.trust
    return replace(verdict, findings=[*verdict.findings, *more], trust=trust)


def entry_id(bundle: Path) -> str:
    """Return the id that a bundle gives to its entry: its name without the suffix.

    Raises UserError if the name cannot be an id.
    """
    entry = bundle.name.removesuffix(SUFFIX)
    is_device = entry.partition(".")[0] in _DEVICES
    is_id = re.fullmatch(ID_PATTERN, entry) and not entry.endswith(".")
    if bundle.name.endswith(SUFFIX) and is_id and not is_device:
        return entry
    raise UserError(
        f"{bundle}: the name cannot be an id: expected lower-case letters, digits, dots and "
        f"hyphens before {SUFFIX}, and no name of a device such as con, got {bundle.name}. "
        f"Rename the file"
    )


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
