"""How long work tells how far it is."""

from typing import Protocol


class Progress(Protocol):
    """Called now and then with the stage of the work, and how much of it is done."""

    def __call__(self, stage: str, done: int, total: int, remark: str = "") -> None:
        """Tell that `done` of `total` units of a stage are finished.

        stage: what is under way, such as "download images.zip"
        total: 0 when nobody knows
        remark: a few words to show beside the numbers, such as "val 95.1 %"
        """
        ...


def prefixed(progress: Progress, prefix: str) -> Progress:
    """A progress whose stages start with a prefix."""

    def advance(stage: str, done: int, total: int, remark: str = "") -> None:
        progress(f"{prefix}: {stage}", done, total, remark)

    return advance
