"""The interface through which long work reports its progress."""

from typing import Protocol


class Progress(Protocol):
    """A function that long work calls repeatedly to report its progress."""

    def __call__(self, stage: str, done: int, total: int, remark: str = "") -> None:
        """Report that `done` of `total` steps of a stage are finished.

        stage: the name of the current work, such as "download images.zip"
        done, total: counts of the same thing, such as bytes or images; `total` is 0 if
            unknown
        remark: a few words to show beside the numbers, such as "val 95.1 %"
        """
        ...


def report_nothing(stage: str, done: int, total: int, remark: str = "") -> None:
    """Take a report of progress, and do nothing with it: a Progress for silent work."""
    del stage, done, total, remark


def prefixed(progress: Progress, prefix: str) -> Progress:
    """Return a Progress that adds a prefix to the names of stages."""

    def advance(stage: str, done: int, total: int, remark: str = "") -> None:
        progress(f"{prefix}: {stage}", done, total, remark)

    return advance
