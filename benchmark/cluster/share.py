"""The share of the work that one of several independent commands does."""

import re
from dataclasses import dataclass

from fewbench.documents import shown
from fewbench.errors import UserError

from .task import Task

_TYPED = re.compile(r"(\d{1,6})/(\d{1,6})", re.ASCII)


@dataclass(frozen=True)
class Share:
    """The share of the work that this command does.

    number: the number of this share, from 0
    total: the number of shares; 1 if this command does all the work
    """

    number: int
    total: int

    @classmethod
    def parse(cls, text: str) -> "Share":
        """Return the share that a user typed as I/N, such as 1/3 for the first of three.

        Raises UserError for any other text.
        """
        typed = _TYPED.fullmatch(text)
        if typed:
            number = int(typed[1])
            total = int(typed[2])
            if 1 <= number <= total:
                return cls(number - 1, total)
        raise UserError(
            f"--shard: expected I/N with I from 1 to N, got '{shown(text)}'. For the first "
            f"of three shards, type: --shard 1/3"
        )

    @property
    def is_all(self) -> bool:
        """Whether there is only this share."""
        return self.total == 1

    def has(self, flow: int, position: int) -> bool:
        """Return whether a task belongs to this share.

        flow: the number of the task's flow
        position: the number of the task in its batch
        """
        return (flow + position) % self.total == self.number

    def leaves_out(self, task: Task) -> bool:
        """Return whether no share does a task, because it needs the work of all shares."""
        return not self.is_all and task.kind == "result"

    def needs(self, task: Task) -> bool:
        """Return whether what follows in this share needs a task of another share.

        Only results need answers.
        """
        return task.kind in ("training", "features")


ALL = Share(0, 1)
