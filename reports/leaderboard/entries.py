"""The entries of a leaderboard: what its pages show, without any model or image."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..protocol import EvalProtocol
from ..published import PublishedNumber

# From the least trusted to the most: somebody stated a number; its arithmetic holds; its
# checkpoint gave it again; its recipe was trained again and reached it.
TRUST = ("reported", "re-scored", "re-run", "re-trained")
Trust = Literal["reported", "re-scored", "re-run", "re-trained"]
Standing = Literal["current", "replaced", "withdrawn"]


@dataclass(frozen=True, kw_only=True)
class Method:
    """What the authors say about a method. All texts are those of strangers.

    parameters: the number of parameters at test time
    minutes: minutes of one training run
    tuned: hyper-parameter -> the values that were tried, and the chosen one, in words
    """

    name: str
    authors: tuple[str, ...]
    licence: str
    paper: str
    code: str
    commit: str
    official: bool
    backbone: str
    parameters: int
    training: str
    pretraining: str
    saw_test_classes: str
    validation_labels: str
    extra_data: str
    augmentation: str
    adaptation: str
    ensembling: str
    hardware: str
    minutes: float
    tuned: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, eq=False)
class Entry:
    """A method on a protocol: the row of a table.

    id: the name of the bundle without its suffix; it names the files of the entry
    bundle_sha256: the SHA-256 of the bundle
    transductive: whether answers depend on other query images
    pixels: what is known about the images; "" if nothing is
    date: the day of the evaluation, such as "2026-11-26"
    made_with: the program that evaluated it
    train_seeds: the training seed of each run: (n_seeds,)
    correct: int64 (n_seeds, n_episodes) right answers of each run in each episode
    class_names: the names of the classes of the split
    hits: int64 (n_classes,) right answers for each class, of all runs together
    queries: int64 (n_classes,) query images of each class, of all runs together
    standing: whether it was replaced or withdrawn
    replaced_by: the id of the newer entry of this method; "" if there is none
    notes: what the checks found that readers should know
    """

    id: str
    bundle_sha256: str
    method: Method
    protocol: EvalProtocol
    trust: Trust
    transductive: bool
    precision: str
    pixels: str
    date: str
    made_with: str
    train_seeds: tuple[int, ...]
    correct: NDArray[np.int64]
    class_names: tuple[str, ...]
    hits: NDArray[np.int64]
    queries: NDArray[np.int64]
    standing: Standing = "current"
    replaced_by: str = ""
    notes: tuple[str, ...] = ()

    @property
    def n_seeds(self) -> int:
        """The number of training runs."""
        return len(self.train_seeds)

    @property
    def seed_means(self) -> NDArray[np.float64]:
        """The mean accuracy of each training run: float64 (n_seeds,)."""
        n_queries = self.correct.shape[1] * self.protocol.queries_per_episode
        return self.correct.sum(axis=1) / n_queries

    @property
    def mean(self) -> float:
        """The mean accuracy of all runs."""
        n_queries = self.correct.size * self.protocol.queries_per_episode
        return int(self.correct.sum()) / n_queries


@dataclass(frozen=True, kw_only=True)
class LogLine:
    """A line of a board's log, which is only ever continued.

    date: the day, such as "2026-11-26"
    action: "added", "updated", "withdrawn", "objection", "verdict" or "re-trained"
    entry: the id of the entry
    text: the reason, the objection or the verdict on it, or a link
    """

    date: str
    action: str
    entry: str
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class Board:
    """All that the pages of a leaderboard show.

    title: the name of the board
    rules: the version of its rules, such as "1"
    protocols: the protocols in the order of the pages
    entries: all entries of all protocols, also those that were replaced or withdrawn
    reported: name of a protocol -> published numbers, which nobody could check
    log: all lines of the log, the oldest first
    missing: bundles that the pages leave out, each with the reason
    frozen: name of a protocol that takes no more entries -> the reason
    rules_text: the rules, as plain text or Markdown; "" if the site has no page for them
    """

    title: str
    rules: str
    protocols: tuple[EvalProtocol, ...]
    entries: tuple[Entry, ...]
    reported: dict[str, tuple[PublishedNumber, ...]]
    log: tuple[LogLine, ...] = ()
    missing: dict[str, str] = field(default_factory=dict)
    frozen: dict[str, str] = field(default_factory=dict)
    rules_text: str = ""

    def on(self, protocol: EvalProtocol) -> tuple[Entry, ...]:
        """Return the entries on a protocol."""
        return tuple(one for one in self.entries if one.protocol == protocol)
