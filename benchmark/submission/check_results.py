"""Check each result of a submission, and all its results together."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path

from fewbench.files import file_digest

from ...datasets import BUILDERS
from ...reports.document_reader import read_document
from ...reports.records import ResultError, RunResult
from ...reports.result_document import accuracy_texts
from ...reports.result_files import array_sha256, load_result
from ..protocols.names import base_name
from ..verification.checks import Check
from ..verification.data_checks import check_data
from ..verification.file_checks import check_document
from ..verification.load import with_standing
from ..verification.protocol_checks import check_episodes, check_name
from .card import Card
from .contents import checkpoint_name, result_names, seed_of
from .findings import Finding, error, warning
from .foreign import is_foreign, load_foreign

_EVALUATE_AGAIN = "Evaluate again with fewbench evaluate, and pack it again"


@dataclass(frozen=True)
class SubmittedResult:
    """A result in a bundle.

    name: the name of its JSON document in the bundle
    is_foreign: whether another program than fewbench wrote it
    """

    name: str
    result: RunResult
    is_foreign: bool

    @property
    def predictions_sha256(self) -> str:
        """The SHA-256 of the predicted labels."""
        return array_sha256(self.result.predictions)


def check_results(
    folder: Path, names: list[str], card: Card | None
) -> tuple[list[SubmittedResult], list[Finding]]:
    """Check each result of a bundle. Return those that could be read, and the findings.

    folder: where the bundle is unpacked
    names: the names of the files in the bundle
    """
    findings: list[Finding] = []
    results = []
    for name in result_names(names):
        try:
            submitted = _load(folder, name, card)
        except ResultError as refused:
            where, what = _reason(refused, folder, name)
            findings.append(error("result", where, what, _EVALUATE_AGAIN))
            continue
        results.append(submitted)
        findings += _check_one(folder, submitted)
    if not result_names(names):
        advice = "Pack at least one: fewbench submission pack RESULT..."
        findings.append(error("no-result", "results", "there is none", advice))
    findings += check_together(results)
    findings += _check_enclosed(names, results)
    for one in results:
        findings += _check_checkpoint(folder, one)
    return results, findings


def check_together(results: list[SubmittedResult]) -> Iterator[Finding]:
    """Check that the results are of one method, and that none is there twice."""
    yield from _check_doubles(results)
    yield from _check_copies(results)
    learners = sorted({one.result.learner for one in results})
    if len(learners) > 1:
        what = f"expected one learner, got {', '.join(learners)}"
        yield error("methods", "results", what, "Submit each method by itself")


def _load(folder: Path, name: str, card: Card | None) -> SubmittedResult:
    path = folder / name
    foreign = is_foreign(path)
    result = load_foreign(path, card) if foreign else load_result(path)
    return SubmittedResult(name, with_standing(result), foreign)


def _reason(refused: ResultError, folder: Path, name: str) -> tuple[str, str]:
    """Return which file an error is about, and what it says, without its advice."""
    text = str(refused).replace(f"{folder}/", "")
    for advice in (". Copy the result again", ". Write both again"):
        text = text.partition(advice)[0]
    for where in (name, f"{name.removesuffix('.json')}.npz"):
        if text.startswith(f"{where}: "):
            return where, text.removeprefix(f"{where}: ")
    return name, text


def _check_one(folder: Path, submitted: SubmittedResult) -> Iterator[Finding]:
    result = submitted.result
    unknown = list(_check_known(submitted))
    yield from unknown
    yield from _check_date(submitted)
    yield from _check_data(submitted)
    checks = [check_name(result), *check_data(result)]
    yield from _failed(submitted, checks)
    can_be_drawn = (
        not unknown and not result.partial and not any(map(_is_bad, checks[1:]))
    )
    if not can_be_drawn:
        return
    yield from _failed(submitted, check_episodes(result))
    if not submitted.is_foreign:
        document = folder / submitted.name
        yield from _failed(submitted, check_document(document, result))
        yield from _check_words(submitted, document)


def _failed(submitted: SubmittedResult, checks: Iterable[Check]) -> Iterator[Finding]:
    for check in filter(_is_bad, checks):
        where = f"{submitted.name}: {check.what}"
        yield error("result", where, check.detail, _EVALUATE_AGAIN)


def _is_bad(check: Check) -> bool:
    return check.outcome == "failed"


def _check_known(submitted: SubmittedResult) -> Iterator[Finding]:
    """Check that others know the protocol and the dataset."""
    protocol = submitted.result.protocol
    if base_name(protocol) is None:
        where = f"{submitted.name}: the protocol"
        what = f"{protocol.name} is not in the catalogue"
        advice = "Use a protocol of the catalogue: fewbench protocol list"
        yield error("protocol", where, what, advice)
    if protocol.dataset not in BUILDERS:
        where = f"{submitted.name}: the dataset"
        what = f"fewbench has no dataset {protocol.dataset}"
        advice = "Use one of the datasets of fewbench: fewbench data list"
        yield error("dataset", where, what, advice)


def _check_date(submitted: SubmittedResult) -> Iterator[Finding]:
    """Check the day of the evaluation, by which a board sorts."""
    day = submitted.result.created_utc[:10]
    try:
        date.fromisoformat(day)
    except ValueError:
        where = f"{submitted.name}: the date"
        what = f"expected a day such as 2026-11-26, got {day!r}"
        yield error("date", where, what, _EVALUATE_AGAIN)


def _check_words(submitted: SubmittedResult, document: Path) -> Iterator[Finding]:
    """Check the interval in words. `load_result` checks the other numbers."""
    found = read_document(document).accuracy.get("interval")
    expected = accuracy_texts(submitted.result).get("interval")
    if found != expected:
        where = f"{submitted.name}: the interval"
        what = f"expected {expected}, as computed from the predictions, got {found}"
        yield error("interval", where, what, "Pack the result again, which computes it")


def _check_enclosed(
    names: list[str], results: list[SubmittedResult]
) -> Iterator[Finding]:
    """Check that each enclosed file belongs to a result."""
    for name in names:
        document = f"{name.removesuffix('.npz')}.json"
        if name.endswith(".npz") and document not in names:
            what = f"there is no {document}, which says what these arrays are"
            yield error("enclosed", name, what, "Pack it again")
    seeds = {one.result.train_seed for one in results}
    for name in names:
        seed = seed_of(name)
        if seed is not None and seed not in seeds:
            what = f"no result has the training seed {seed}"
            yield error("enclosed", name, what, "Leave it out, or add its results")


def _check_data(submitted: SubmittedResult) -> Iterator[Finding]:
    """Check that the images are all there, and those that others have too."""
    result = submitted.result
    dataset = result.protocol.dataset
    where = f"{submitted.name}: the images"
    if result.protocol.sampling == "listed":
        what = "the episodes come from a file, so nobody can draw them again"
        yield error("episodes", submitted.name, what, "Use a protocol of the catalogue")
    if result.protocol.interval == "anytime":
        what = (
            "the evaluation could stop early, and ranks need a fixed number of episodes"
        )
        yield error(
            "episodes", submitted.name, what, "Evaluate without --until-half-width"
        )
    if result.partial:
        what = f"the {dataset} of this result was incomplete"
        yield error(
            "data", where, what, f"Build it whole: fewbench data build {dataset}"
        )
    if result.data_standing == "other":
        what = (
            f"expected the reference build of {dataset}, got other images "
            f"({result.data_fingerprint:.16})"
        )
        yield error("data", where, what, f"Build it: fewbench data build {dataset}")
    if result.data_standing == "no reference":
        what = f"fewbench knows no reference build of {dataset}"
        yield warning("data", where, what, "Say in the card where the images come from")


def _check_checkpoint(folder: Path, submitted: SubmittedResult) -> Iterator[Finding]:
    """Compare a checkpoint in the bundle with the one that gave the answers."""
    name = checkpoint_name(submitted.result.train_seed)
    expected = submitted.result.checkpoint_sha256
    if not (folder / name).is_file() or expected is None:
        return
    got = file_digest(folder / name, "sha256")
    if got != expected:
        what = f"{submitted.name} is of a checkpoint {expected:.16}, this is {got:.16}"
        yield error("checkpoint", name, what, "Enclose the checkpoint of this result")


def _check_doubles(results: list[SubmittedResult]) -> Iterator[Finding]:
    names = defaultdict(list)
    for one in results:
        key = (one.result.protocol.name, one.result.train_seed)
        names[key].append(one.name)
    for (protocol, seed), same in names.items():
        if len(same) > 1:
            what = (
                f"{len(same)} results are on {protocol} with the training seed {seed}"
            )
            yield error("doubled", ", ".join(same), what, "Keep one of them")


def _check_copies(results: list[SubmittedResult]) -> Iterator[Finding]:
    """Check that no result has all the predictions of another one."""
    by_predictions: dict[str, list[SubmittedResult]] = defaultdict(list)
    for one in results:
        is_perfect = one.result.mean == 1  # then all runs give the same answers
        if not is_perfect:
            by_predictions[one.predictions_sha256].append(one)
    for same in by_predictions.values():
        for first, second in pairwise(same):
            what = f"all predictions are those of {first.name}"
            advice = "Leave it out, or add the result of a training run of its own"
            yield error("copied", second.name, what, advice)
