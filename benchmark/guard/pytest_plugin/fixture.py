"""The fixture `accuracy`: it checks a model, and it is the verdict of its test."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Unpack

import pytest

from fewbench.errors import UserError

from ..references.reference import Kind
from .check import answer
from .measure import Evaluation
from .place import Place
from .question import Asked, Question
from .recording import answer_record, error_record, typable, unasked_record

if TYPE_CHECKING:
    from ....reports.records import RunResult
    from .guarding import Guard

_EPISODES = 600


class Accuracy:
    """Checks the accuracy of a few-shot classifier against an accepted reference."""

    def __init__(self, guard: "Guard", item: pytest.Item) -> None:
        self._guard = guard
        self._item = item
        self._used: set[tuple[str, str]] = set()

    def __call__(
        self,
        model: object,
        protocol: str,
        *,
        split: str = "val",
        episodes: int = _EPISODES,
        name: str | None = None,
        **how: Unpack[Evaluation],
    ) -> "RunResult":
        """Check a model that is the same as the reference's. Return its result.

        model: a model as for `fewbench.evaluate`, or what `fewbench evaluate` takes on the
            command line, such as the path of a checkpoint
        protocol: the name of a protocol
        split: the split to draw episodes from. Guarding on "test" until the check passes
            is selection on the test split, so it has to be asked for.
        episodes: the number of episodes, counted from the first
        name: the name of the check; by default that of the test
        how: `preparation`, `batch_size`, `features` and `root`, as for `fewbench.evaluate`
        Raises AssertionError if the model became worse, or if there is no reference.
        Raises fewbench.errors.UserError if nothing can be measured or compared.
        """
        __tracebackhide__ = True
        asked = Asked(protocol, split, episodes, name, how)
        return self._checked("same", lambda _seed: model, 1, asked)[0]

    def retrained(
        self,
        make: Callable[[int], object],
        protocol: str,
        *,
        runs: int = 1,
        split: str = "val",
        episodes: int = _EPISODES,
        name: str | None = None,
        **how: Unpack[Evaluation],
    ) -> "Sequence[RunResult]":
        """Check a training: make(seed) trains a model and returns it. Return the results.

        runs: how many models to train and compare. The reference was trained with other
            seeds.
        The other arguments and the errors are those of `accuracy(...)`.
        """
        __tracebackhide__ = True
        asked = Asked(protocol, split, episodes, name, how)
        return self._checked("retrained", make, runs, asked)

    def _checked(
        self,
        kind: Kind,
        make: Callable[[int], object],
        runs: int,
        asked: Asked,
    ) -> "Sequence[RunResult]":
        """Answer a question, record the answer, and raise it if it is bad."""
        __tracebackhide__ = True
        guard = self._guard
        place, policy = guard.case(self._item)
        try:
            question = self._question(kind, make, runs, asked, place)
        except UserError as error:
            guard.note_error(self._item)
            guard.note(self._item, unasked_record(place, error, policy, asked))
            raise _bare(error) from error.__cause__
        try:
            found = answer(question, policy)
        except UserError as error:
            guard.note_error(self._item)
            guard.note(self._item, error_record(place, question, error, policy))
            error.args = (typable(str(error), place, policy),)
            raise _bare(error) from error.__cause__
        except (Exception, pytest.fail.Exception) as error:
            guard.note(self._item, error_record(place, question, error, policy))
            raise
        record = answer_record(place, question, found, policy)
        problem = guard.why_unsaved(record, found.results)
        if problem:
            remarks = (*record.remarks, problem)
            guard.note(self._item, replace(record, passed=False, remarks=remarks))
        else:
            guard.note(self._item, record)
        if not record.passed:
            raise AssertionError(record.message)
        if problem:
            guard.note_error(self._item)
            raise UserError(problem)
        return found.results

    def _question(
        self,
        kind: Kind,
        make: Callable[[int], object],
        runs: int,
        asked: Asked,
        place: Place,
    ) -> Question:
        if not callable(make) or runs < 1:
            raise UserError(
                "accuracy.retrained: expected a function of a seed and at least 1 run, "
                f"got a {type(make).__name__} and {runs} runs. Write for example "
                "accuracy.retrained(train_model, 'PROTOCOL')"
            )
        protocol = asked.found_protocol()
        name = asked.name or place.key
        if (name, protocol.name) in self._used:
            raise UserError(
                f"{place.key}: checks {name} on {protocol.name} twice: expected different "
                f"names, got the same. Add for example name='{place.key}, second' to one call"
            )
        self._used.add((name, protocol.name))
        return Question(kind, name, place.key, protocol, make, runs, asked.how)


def _bare(error: UserError) -> UserError:
    """Return an error without the frames of fewbench, which tell the user nothing."""
    return error.with_traceback(None)
