"""Look for the answers and the name of a submission among the entries of a board."""

from collections.abc import Iterator

from fewbench.errors import UserError

from ..submission.check import CheckedSubmission
from ..submission.findings import Finding, error, warning
from ..submission.verdict import Verdict, load_verdict
from .entries import Listed, listed_entries
from .folder import BoardFolder
from .log import read_log


def against_board(
    board: BoardFolder, checked: CheckedSubmission, replaces: str = ""
) -> Iterator[Finding]:
    """Check a submission beside the entries of a board.

    replaces: the id of the entry that it replaces; "" for none
    """
    yield from _check_protocols(board, checked)
    answers = {
        (one.result.protocol.sha256, one.predictions_sha256): one.name
        for one in checked.results
    }
    for listed in listed_entries(read_log(board.log)).values():
        if listed.bundle_sha256 == checked.sha256:
            continue
        verdict = _verdict(board, listed)
        if verdict is None:
            continue
        for one in verdict.results:
            name = answers.get((one.protocol.sha256, one.predictions_sha256))
            if name is not None and listed.id != replaces:
                what = f"all its predictions are those of the entry {listed.id}"
                advice = "Submit answers of your own, or replace that entry"
                yield error("duplicate", name, what, advice)
        yield from _check_method(checked, listed, verdict, replaces)


def _check_protocols(
    board: BoardFolder, checked: CheckedSubmission
) -> Iterator[Finding]:
    wanted = board.settings().protocols
    for one in checked.results:
        name = one.result.protocol.name
        if wanted and name not in wanted:
            what = f"this board does not take {name}"
            yield error("protocol", one.name, what, f"It takes {', '.join(wanted)}")


def _check_method(
    checked: CheckedSubmission, listed: Listed, verdict: Verdict, replaces: str
) -> Iterator[Finding]:
    """Warn if a current entry has this method, since it is to be replaced then."""
    is_current = listed.standing == "current" and listed.id != replaces
    if checked.card is None or verdict.card is None or not is_current:
        return
    method = checked.card.method
    if (method.name, method.authors) == (
        verdict.card.method.name,
        verdict.card.method.authors,
    ):
        what = f"the entry {listed.id} has the same method and authors"
        advice = f"If this is a newer version, add it with --replaces {listed.id}"
        yield warning("same-method", "the card", what, advice)


def _verdict(board: BoardFolder, listed: Listed) -> Verdict | None:
    try:
        return load_verdict(board.verdict(listed.bundle_sha256))
    except UserError:
        return None  # `verify` says so
