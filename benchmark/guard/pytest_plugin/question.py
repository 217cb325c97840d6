"""What a test asks the guard: is this model, or this training, still as accurate?"""

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from fewbench.errors import UserError

from ....baselines.device.threads import shared_threads
from ....reports.protocol import EvalProtocol
from ....reports.records import RunResult
from ...protocols.catalogue import find_protocol
from ...protocols.names import named_by_changes
from ..references.reference import Kind
from .measure import Evaluation, measure

TEN_TIMES = 10


class Asked(NamedTuple):
    """The arguments that all calls of the fixture have; see `Accuracy`."""

    protocol: str
    split: str
    episodes: int
    name: str | None
    how: Evaluation

    def found_protocol(self) -> EvalProtocol:
        """Return the protocol, on its split and with its number of episodes.

        Raises UserError if there is no such protocol or split.
        """
        name: object = self.protocol
        if not isinstance(name, str):
            raise UserError(
                f"accuracy: expected the name of a protocol, got a "
                f"{type(name).__name__}. Write for example accuracy(model, 'PROTOCOL')"
            )
        root = self.how.get("root")
        return find_protocol(
            name,
            split=self.split,
            n_episodes=self.episodes,
            root=None if root is None else Path(root),
        )


@dataclass(frozen=True)
class Question:
    """One call of the fixture.

    kind: "same" or "retrained"; see `Reference`
    name: the name in the key of the reference
    test: the test that asks, relative to the folder of its file
    make: returns a model for a training seed
    runs: how many models to train
    warnings: what `evaluate` warned of so far
    """

    kind: Kind
    name: str
    test: str
    protocol: EvalProtocol
    make: Callable[[int], object]
    runs: int
    how: Evaluation
    warnings: list[str] = field(default_factory=list)

    def measured(self, train_seed: int | None = None) -> RunResult:
        """Make a model and evaluate it. The same model is asked for without a seed."""
        with shared_threads(_n_processes()):
            model = self.make(train_seed or 0)
            found = measure(model, self.protocol, self.how, train_seed)
        for words in found.warnings:
            if words not in self.warnings:
                self.warnings.append(words)
        return found.result

    def ten_times(self) -> "Question":
        """Return the same question on ten times the episodes."""
        n_episodes = TEN_TIMES * self.protocol.n_episodes
        longer = replace(self.protocol, n_episodes=n_episodes)
        return replace(self, protocol=named_by_changes(longer))


def _n_processes() -> int:
    """Return how many processes of pytest-xdist run tests; 1 without it."""
    return int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
