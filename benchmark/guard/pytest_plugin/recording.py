"""Make the record of an answer, with what to type next."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from fewbench.errors import UserError

from ..history import Night
from ..references.reference_file import save_command
from .check import Answer, Policy
from .place import Place, shortened
from .question import Asked, Question
from .record import Record

_ON_TEST = (
    "measured on the split test: whoever changes a model until this passes selects it on "
    "the test split"
)


def answer_record(
    place: Place, question: Question, found: Answer, policy: Policy
) -> Record:
    """Return the record of an answer."""
    verdict = found.verdict
    passed = found.done != "missing"
    if verdict is not None:
        passed = verdict.passes(strict=policy.options.strict)
    command = _command(question, found, policy)
    return Record(
        **_facts(place, question, policy),
        done=found.done,
        passed=passed,
        reason=typable(_reason(question, found, policy), place, policy),
        accuracy=_mean(found),
        reference=found.stored.reference.mean if found.stored else None,
        verdict=verdict,
        command=typable(command, place, policy),
        remarks=tuple(
            typable(remark, place, policy)
            for remark in _remarks(question, found)
            if not command or command not in remark
        ),
        nights=tuple(_nights(found, policy)),
    )


def error_record(
    place: Place, question: Question, error: BaseException, policy: Policy
) -> Record:
    """Return the record of a question that has no answer."""
    return Record(
        **_facts(place, question, policy),
        done="error",
        passed=False,
        reason=typable(_in_words(error), place, policy),
    )


def unasked_record(
    place: Place, error: BaseException | str, policy: Policy, asked: Asked | None = None
) -> Record:
    """Return the record of a test that could not ask its question.

    error: the exception, or a sentence that says what is wrong
    asked: the arguments of the call; None if there was no call
    """
    reason = error if isinstance(error, str) else _in_words(error)
    return Record(
        test=place.test,
        file=place.file,
        line=place.line,
        folder=place.folder,
        name=asked.name or place.key if asked else place.key,
        protocol=str(asked.protocol) if asked else "",
        split=asked.split if asked else "",
        done="error",
        passed=False,
        reason=typable(reason, place, policy),
        alpha=policy.rules.alpha,
    )


def stopped_record(place: Place, error: BaseException, policy: Policy) -> Record:
    """Return the record of a test that failed by itself after its checks had passed."""
    words = (
        f"the test failed after a check had passed: {_in_words(error)}; whatever it would "
        f"have checked after that was not measured"
    )
    return unasked_record(place, words, policy)


def lost_record(place: Place, policy: Policy) -> Record:
    """Return the record of a test in which a worker of pytest-xdist died."""
    words = "the process that ran the test died, so nothing is known of its checks"
    return unasked_record(place, words, policy)


def typable(text: str, place: Place, policy: Policy) -> str:
    """Return a text with short paths, and with commands that do what they say.

    In the nightly tier they name this tier. Without it, pytest would skip nightly checks.
    """
    if policy.options.tier == "nightly":
        for option in (" --accuracy-save", " --accuracy-update"):
            text = text.replace(option, f" --accuracy-tier=nightly{option}")
    return shortened(text, place.base)


def _in_words(error: BaseException) -> str:
    """Return the text of an error, with its type unless it is made for users."""
    if isinstance(error, UserError):
        return " ".join(error.lines)
    first_line, _, _ = str(error).partition("\n")
    return f"{type(error).__name__}: {first_line}"


def _facts(place: Place, question: Question, policy: Policy) -> dict[str, Any]:
    protocol = question.protocol
    return {
        "test": place.test,
        "file": place.file,
        "line": place.line,
        "folder": place.folder,
        "name": question.name,
        "protocol": protocol.name,
        "split": protocol.split,
        "alpha": policy.rules.alpha,
    }


def _reason(question: Question, found: Answer, policy: Policy) -> str:
    if found.verdict is not None:
        return found.verdict.reason
    folder = policy.references.path
    if found.stored is None:
        return f"there is no reference in {folder}"
    place = found.stored.folder
    runs = len(found.stored.reference.runs)
    trained = ""
    if question.kind == "retrained":
        trained = f" of {runs} training runs"
    return f"{found.done} the reference{trained} in {place}"


def _command(question: Question, found: Answer, policy: Policy) -> str:
    """Return what to type next, if anything."""
    if found.done == "missing":
        folder = policy.references.place_of(question.name, question.protocol.name)
        return save_command(folder, question.test)
    verdict = found.verdict
    wants_update = verdict is not None and verdict.outcome in ("fail", "improved")
    if wants_update and found.stored is not None:
        return found.stored.update_command
    return ""


def _remarks(question: Question, found: Answer) -> Iterator[str]:
    if question.protocol.split == "test":
        yield _ON_TEST
    yield from question.warnings
    yield from found.remarks
    if found.verdict is not None:
        yield from found.verdict.remarks


def _mean(found: Answer) -> float | None:
    """Return the accuracy that was judged, or that of all results if none was."""
    verdict = found.verdict
    if verdict is not None and verdict.facts:
        return verdict.facts["accuracy"]
    if not found.results:
        return None
    return float(np.mean([result.mean for result in found.results]))


def _nights(found: Answer, policy: Policy) -> Sequence[dict[str, Any]]:
    """Return what the history keeps of a night, without the commit."""
    stored = found.stored
    options = policy.options
    if found.verdict is None or stored is None or options.tier != "nightly":
        return ()
    nights = []
    for result in found.results:
        night = Night(
            date=options.date.isoformat(),
            name=stored.reference.key.name,
            protocol=stored.reference.key.protocol,
            reference_sha256=stored.sha256,
            accuracy=result.mean,
            train_seed=result.train_seed,
            outcome=found.verdict.outcome,
        )
        nights.append(asdict(night))
    return nights
