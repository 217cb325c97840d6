"""Check all results of a submission together."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from fewbench.files import file_digest

from .card import Card
from .contents import checkpoint_name, result_names, seed_of
from .findings import Finding, error
from .one_result import SubmittedResult, check_one, read_submitted


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
        submitted = read_submitted(folder, name, card)
        if isinstance(submitted, Finding):
            findings.append(submitted)
            continue
        results.append(submitted)
        findings += check_one(folder, submitted)
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
    yield from _check_same_images(results)
    learners = sorted({one.result.learner for one in results})
    if len(learners) > 1:
        what = f"expected one learner, got {', '.join(learners)}"
        yield error("methods", "results", what, "Submit each method by itself")


def _check_same_images(results: list[SubmittedResult]) -> Iterator[Finding]:
    """Check that all results on a protocol saw the same images."""
    first_on: dict[str, SubmittedResult] = {}
    for one in results:
        first = first_on.setdefault(one.result.protocol.name, one)
        own, expected = one.result.data_fingerprint, first.result.data_fingerprint
        if own != expected:
            what = (
                f"its images have the content hash {own:.16}, those of {first.name} have "
                f"{expected:.16}"
            )
            yield error("other-data", one.name, what, "Evaluate all on one build")


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
