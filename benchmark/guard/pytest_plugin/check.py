"""Answer the question of a test: save its reference, or compare with it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fewbench.errors import UserError

from ....reports.records import RunResult
from ..history import read_nights
from ..judge_night import judge_night
from ..judge_retrained import judge_retrained
from ..judge_same import judge_same, judge_ten_times, needs_confirmation
from ..look_back import look_back
from ..references.reference import Made
from ..references.reference_folder import ReferenceFolder, StoredReference
from ..seeds import seeds_of
from ..verdict import Rules, Verdict
from .options import Options
from .question import Question
from .record import Done
from .writable import why_unwritable

_NOT_AGAIN = (
    "not measured again on ten times the episodes: the reference has none; to keep them, "
    "save it with --accuracy-tier=nightly"
)
_EACH_ALONE = (
    "a first look: without a history, each night is judged on its own; to judge by all "
    "nights: --accuracy-history FILE"
)


@dataclass(frozen=True)
class Policy:
    """How the questions of a run are answered."""

    options: Options
    rules: Rules
    references: ReferenceFolder


@dataclass(frozen=True)
class Answer:
    """What became of a question.

    results: the result of each new run; () if nothing was measured
    stored: the reference, as it is now; None if there is none
    verdict: None if nothing was compared
    """

    done: Done
    results: Sequence[RunResult] = ()
    stored: StoredReference | None = None
    verdict: Verdict | None = None
    remarks: list[str] = field(default_factory=list)


def answer(question: Question, policy: Policy) -> Answer:
    """Compare with the reference. Save or replace it instead, if the options say so.

    Raises UserError if nothing can be measured or compared.
    """
    options = policy.options
    references = policy.references
    stored = references.find(question.name, question.protocol.name)
    if stored is None:
        if options.save:
            return _save(question, policy)
        return Answer("missing")
    if options.update:
        return _replace(question, policy)
    return _compare(question, stored, policy)


def _save(question: Question, policy: Policy) -> Answer:
    made = _make(question, policy)
    references = policy.references
    try:
        stored = _written(made, policy)
    except UserError:
        # Another process may have saved it in the meantime. It stays as it is.
        stored = references.find(question.name, question.protocol.name)
        if stored is None:
            raise
        remark = "another process saved this reference first"
        return Answer("saved", made.results, stored, remarks=[remark])
    return Answer("saved", made.results, stored)


def _replace(question: Question, policy: Policy) -> Answer:
    made = _make(question, policy)
    return Answer("updated", made.results, _written(made, policy))


def _written(made: Made, policy: Policy) -> StoredReference:
    options = policy.options
    references = policy.references
    try:
        return references.save(made, reason=options.reason, replace=options.update)
    except OSError as error:
        problem = error.strerror or str(error)
        raise _unwritable(error.filename or references.path, problem) from None


def _unwritable(place: str | Path, problem: str) -> UserError:
    return UserError(
        f"{place}: cannot save the reference: expected a folder to write to, got "
        f"{problem}. Free some space, or change the permissions of the folder"
    )


def _make(question: Question, policy: Policy) -> Made:
    """Measure what is to become a reference, if it can be written."""
    options = policy.options
    problem = why_unwritable(policy.references.path)
    if problem:
        raise _unwritable(policy.references.path, problem)
    ten_times = None
    if question.kind == "retrained":
        results = [question.measured(seed) for seed in range(options.runs)]
    else:
        results = [question.measured()]
        if options.tier == "nightly":
            ten_times = question.ten_times().measured()
    return Made(question.name, question.kind, results, ten_times, question.test)


def _compare(question: Question, stored: StoredReference, policy: Policy) -> Answer:
    _check_kind(question, stored)
    if question.kind == "same":
        return _compare_same(question, stored, policy)
    if policy.options.tier == "nightly":
        return _compare_night(question, stored, policy)
    results = _trained(question, policy)
    verdict = judge_retrained(results, stored, policy.rules)
    return Answer("compared", results, stored, verdict)


def _compare_same(
    question: Question, stored: StoredReference, policy: Policy
) -> Answer:
    rules = policy.rules
    result = question.measured()
    verdict = judge_same(result, stored, rules)
    remarks = []
    is_nightly = policy.options.tier == "nightly"
    if is_nightly and needs_confirmation(verdict, stored):
        more = question.ten_times().measured()
        verdict = judge_ten_times(more, verdict, stored, rules)
    elif is_nightly and verdict.outcome == "fail" and verdict.by_test:
        remarks.append(_NOT_AGAIN)
    return Answer("compared", [result], stored, verdict, remarks)


def _compare_night(
    question: Question, stored: StoredReference, policy: Policy
) -> Answer:
    """Judge a night. After an alarm, as many runs with other seeds of this date decide."""
    options = policy.options
    rules = policy.rules
    past = None
    remarks = [_EACH_ALONE]
    if options.history is not None:
        past = look_back(read_nights(options.history), stored, options.date)
        remarks = []
    new = _trained(question, policy)
    verdict = judge_night(new, stored, rules, past)
    if not verdict.alarm:
        return Answer("compared", new, stored, verdict, remarks)
    second = _trained(question, policy, first=question.runs)
    verdict = judge_night(new, stored, rules, past, second)
    return Answer("compared", [*new, *second], stored, verdict, remarks)


def _trained(question: Question, policy: Policy, first: int = 0) -> list[RunResult]:
    """Train and measure the runs of this date.

    first: how many seeds of this date to leave out, since they were used
    """
    seeds = seeds_of(policy.options.date, question.runs, first)
    return [question.measured(seed) for seed in seeds]


def _check_kind(question: Question, stored: StoredReference) -> None:
    kind = stored.reference.kind
    if kind == question.kind:
        return
    calls = {
        "same": "accuracy(model, ...)",
        "retrained": "accuracy.retrained(make, ...)",
    }
    raise UserError(
        f"{question.name}: not comparable: expected a reference of "
        f"{calls[question.kind]}, got one of {calls[kind]}. To make a new one: "
        f"{stored.update_command}"
    )
