"""What became of an attempt at a task."""

from dataclasses import dataclass
from typing import Literal

from .conditions import Conditions

State = Literal["done", "busy", "failed", "died", "stopped"]


@dataclass(frozen=True)
class Outcome:
    """What became of an attempt at a task.

    task_id: the id of the task
    state: "done" if its file is published; "busy" if another process is working on it;
        "failed" for an error, "died" if the process or its machine ended, "stopped" if a
        signal asked the process to end
    reason: for "failed" and "died", a sentence that says why
    seconds: how long each part took, such as "work" and "publish";
        None if the task was done before
    conditions: how the machine that tried it computes; None if it is not known
    """

    task_id: str
    state: State
    reason: str = ""
    seconds: dict[str, float] | None = None
    conditions: Conditions | None = None
