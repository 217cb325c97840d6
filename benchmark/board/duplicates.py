"""Look for the answers and the name of a submission among the entries of a board."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from fewbench.errors import UserError

from ..submission.check import CheckedSubmission
from ..submission.findings import Finding, error, warning
from ..submission.verdict import Verdict, load_verdict
from .entries import Listed, listed_entries
from .folder import BoardFolder
from .log import read_log


@dataclass(frozen=True)
class Neighbour:
    """An entry of a board, with its verdict."""

    listed: Listed
    verdict: Verdict

    def answers(self) -> Iterator[tuple[str, str]]:
        """Yield the hash of the protocol and that of the predictions of each result."""
        for one in self.verdict.results:
            yield one.protocol.sha256, one.predictions_sha256


def neighbours(board: BoardFolder) -> list[Neighbour]:
    """Return all entries of a board that have a verdict, in the order of adding."""
    found = []
    for listed in listed_entries(read_log(board.log)).values():
        try:
            verdict = load_verdict(board.verdict(listed.bundle_sha256))
        except UserError:
            continue  # `verify` says so
        found.append(Neighbour(listed, verdict))
    return found


def against_board(
    checked: CheckedSubmission,
    entry: str,
    earlier: Iterable[Neighbour],
    replaces: str = "",
) -> Iterator[Finding]:
    """Check a submission beside the entries that were added before it.

    entry: its id on the board
    replaces: the id of the entry that it replaces; "" for none
    """
    for neighbour in earlier:
        if neighbour.listed.id == entry:
            return  # the submission itself; the others came after it
        same_method = _same_method(checked, neighbour)
        is_replaced = neighbour.listed.id == replaces
        if is_replaced and same_method:
            continue
        yield from _check_answers(checked, neighbour)
        if is_replaced:
            yield _other_authors(neighbour)
        elif neighbour.listed.standing == "current":
            yield from _check_images(checked, neighbour)
            if same_method:
                yield _not_replaced(neighbour)


def check_protocols(
    board: BoardFolder, checked: CheckedSubmission
) -> Iterator[Finding]:
    """Check that a board takes the protocols of a submission."""
    settings = board.settings()
    wanted = settings.protocols
    for one in checked.results:
        name = one.result.protocol.name
        if name in settings.frozen:
            what = f"{name} is frozen on this board: {settings.frozen[name]}"
            yield error("protocol", one.name, what, "Leave this result out")
        if wanted and name not in wanted:
            what = f"this board does not take {name}"
            yield error("protocol", one.name, what, f"It takes {', '.join(wanted)}")


def _check_answers(
    checked: CheckedSubmission, neighbour: Neighbour
) -> Iterator[Finding]:
    own = {
        (one.result.protocol.sha256, one.predictions_sha256): one.name
        for one in checked.results
    }
    for answers in neighbour.answers():
        if answers in own:
            what = f"all its predictions are those of the entry {neighbour.listed.id}"
            advice = "Submit answers of your own, or replace that entry if it is yours"
            yield error("duplicate", own[answers], what, advice)


def _same_method(checked: CheckedSubmission, neighbour: Neighbour) -> bool:
    """Tell whether a submission has the method and the authors of an entry."""
    card = neighbour.verdict.card
    if checked.card is None or card is None:
        return False
    own, theirs = checked.card.method, card.method
    return (own.name, own.authors) == (theirs.name, theirs.authors)


def _not_replaced(neighbour: Neighbour) -> Finding:
    entry = neighbour.listed.id
    what = f"the entry {entry} has the same method and authors"
    advice = f"If this is a newer version, add it with --replaces {entry}"
    return warning("same-method", "the card", what, advice)


def _other_authors(neighbour: Neighbour) -> Finding:
    what = (
        f"it replaces {neighbour.listed.id}, which has another method or other authors"
    )
    return warning("replaces", "the card", what, "Ask the authors of that entry")


def _check_images(
    checked: CheckedSubmission, neighbour: Neighbour
) -> Iterator[Finding]:
    """Check that an entry on the same protocol saw the same images."""
    theirs = {
        one.protocol.sha256: one.data_fingerprint for one in neighbour.verdict.results
    }
    for one in checked.results:
        own = one.result.data_fingerprint
        expected = theirs.get(one.result.protocol.sha256, own)
        if own != expected:
            what = (
                f"its images have the content hash {own:.16}, those of the entry "
                f"{neighbour.listed.id} have {expected:.16}"
            )
            advice = "Build the dataset from the source that the board names"
            yield error("other-data", one.name, what, advice)
