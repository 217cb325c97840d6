"""Check each result of a submission, and all its results together."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from fewbench.files import file_digest

from ...reports.records import ResultError, RunResult
from ...reports.result_files import array_sha256, load_result
from ..verification.checks import Check
from ..verification.file_checks import check_document
from ..verification.load import check_result, with_standing
from .card import Card
from .contents import checkpoint_name, result_names
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
            what = str(refused).replace(f"{folder}/", "").removeprefix(f"{name}: ")
            findings.append(error("result", name, what, _EVALUATE_AGAIN))
            continue
        results.append(submitted)
        findings += _check_one(folder, submitted)
    if not result_names(names):
        advice = "Pack at least one: fewbench submission pack RESULT..."
        findings.append(error("no-result", "results", "there is none", advice))
    findings += check_together(results)
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


def _check_one(folder: Path, submitted: SubmittedResult) -> Iterator[Finding]:
    result = submitted.result
    checks: Iterable[Check] = check_result(result)
    if not submitted.is_foreign:
        checks = [*check_document(folder / submitted.name, result), *checks]
    for check in checks:
        if check.outcome == "failed":
            where = f"{submitted.name}: {check.what}"
            yield error("result", where, check.detail, _EVALUATE_AGAIN)
    yield from _check_data(submitted)


def _check_data(submitted: SubmittedResult) -> Iterator[Finding]:
    """Check that the images are all there, and those that others have too."""
    result = submitted.result
    dataset = result.protocol.dataset
    where = f"{submitted.name}: the images"
    if result.protocol.sampling == "listed":
        what = "the episodes come from a file, so nobody can draw them again"
        yield error("episodes", submitted.name, what, "Use a protocol of the catalogue")
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
    """Check that no training run gives the predictions of another one."""
    by_predictions = defaultdict(list)
    for one in results:
        key = (one.result.protocol.sha256, one.predictions_sha256)
        by_predictions[key].append(one)
    for same in by_predictions.values():
        for first, second in pairwise(same):
            if first.result.train_seed == second.result.train_seed:
                continue
            what = f"all predictions are those of {first.name}, which has another seed"
            advice = "Leave it out, or add the result of a training run of its own"
            yield error("copied", second.name, what, advice)
