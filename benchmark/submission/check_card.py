"""Check that what the authors say fits their results."""

from collections import defaultdict
from collections.abc import Iterator

from .card import Card
from .findings import Finding, error, warning
from .one_result import SubmittedResult

_CORRECT = "Correct the card or the results"


def check_card(
    card: Card, results: list[SubmittedResult], label: str, *, is_complete: bool = True
) -> Iterator[Finding]:
    """Check a card against the results of its bundle.

    label: the file that holds the card, for the findings
    is_complete: whether these are all results of the bundle
    """
    if is_complete:
        yield from _check_seeds(card, results, label)
    for one in results:
        yield from _check_test(card, one, label)
        yield from _check_data(card, one, label)
        yield from _check_checkpoint(card, one, label)
    yield from _check_pointers(card, label)
    yield from _check_tuned(card, label)


def _check_seeds(
    card: Card, results: list[SubmittedResult], label: str
) -> Iterator[Finding]:
    """Check that each protocol has a result of each training seed, and of no other."""
    where = f"{label}: training.seeds"
    expected = set(card.training.seeds)
    if len(expected) < len(card.training.seeds):
        yield error("seeds", where, "a seed is there twice", _CORRECT)
    found = defaultdict(set)
    for one in results:
        found[one.result.protocol.name].add(one.result.train_seed)
    for protocol, seeds in found.items():
        if seeds != expected:
            what = (
                f"expected results of {_listed(expected)} on {protocol}, got "
                f"{_listed(seeds)}"
            )
            advice = "Add the missing results, or correct the seeds in the card"
            yield error("seeds", where, what, advice)


def _check_test(card: Card, one: SubmittedResult, label: str) -> Iterator[Finding]:
    says = card.test.transductive
    if one.result.transductive and not says:
        what = f"it says false, but the answers in {one.name} depend on other queries"
        yield error("transductive", f"{label}: test.transductive", what, _CORRECT)
    if says and not one.result.transductive:
        what = f"it says true, but {one.name} says that each query is answered alone"
        yield warning("transductive", f"{label}: test.transductive", what, _CORRECT)


def _check_data(card: Card, one: SubmittedResult, label: str) -> Iterator[Finding]:
    """Check what the card says about data against what the result recorded."""
    yield from _check_pretraining(card, one, label)
    trained_on = one.result.trained_on
    used_val = trained_on is not None and "val" in trained_on.splits
    if used_val and card.data.validation_labels != "training":
        what = (
            f"it says {card.data.validation_labels}, but {one.name} was trained on the "
            f"validation split too"
        )
        yield error("validation", f"{label}: data.validation_labels", what, _CORRECT)


def _check_pretraining(
    card: Card, one: SubmittedResult, label: str
) -> Iterator[Finding]:
    pretraining = one.result.pretraining
    if pretraining is None:
        return
    says_none = card.data.pretraining.strip().lower() == "none"
    if says_none and pretraining.data != "none":
        what = (
            f"it says none, but the weights of {one.name} come from {pretraining.data}"
        )
        yield error("pretraining", f"{label}: data.pretraining", what, _CORRECT)
    if pretraining.saw_test_classes and card.data.saw_test_classes != "yes":
        what = (
            f"it says {card.data.saw_test_classes}, but the data of the weights of "
            f"{one.name} had classes of the test split"
        )
        yield error("test-classes", f"{label}: data.saw_test_classes", what, _CORRECT)


def _check_checkpoint(
    card: Card, one: SubmittedResult, label: str
) -> Iterator[Finding]:
    seed = one.result.train_seed
    recorded = one.result.checkpoint_sha256
    for checkpoint in card.checkpoint:
        if checkpoint.seed == seed and recorded not in (None, checkpoint.sha256):
            what = (
                f"the checkpoint of seed {seed} has the sha256 {checkpoint.sha256:.16}, "
                f"but that of {one.name} has {recorded:.16}"
            )
            yield error("checkpoint", f"{label}: checkpoint", what, _CORRECT)


def _check_pointers(card: Card, label: str) -> Iterator[Finding]:
    """Check that each checkpoint in the card belongs to a training seed."""
    for checkpoint in card.checkpoint:
        if checkpoint.seed not in card.training.seeds:
            what = f"training.seeds does not have the seed {checkpoint.seed}"
            yield error("checkpoint", f"{label}: checkpoint.seed", what, _CORRECT)


def _check_tuned(card: Card, label: str) -> Iterator[Finding]:
    for name, tuned in card.training.tuned.items():
        if tuned.chosen not in tuned.tried:
            what = f"{tuned.chosen!r} is not among the values that were tried"
            where = f"{label}: training.tuned.{name}.chosen"
            yield error("tuned", where, what, "Add it to the values that were tried")


def _listed(seeds: set[int]) -> str:
    numbers = ", ".join(map(str, sorted(seeds)))
    return f"seed {numbers}" if len(seeds) == 1 else f"seeds {numbers}"
