"""Receivers of progress, for tests that look at it and tests that do not."""

from dataclasses import dataclass, field


@dataclass
class SeenProgress:
    """Keeps each report: the stage, and how much of it is done, of how much."""

    steps: list[tuple[str, int, int]] = field(default_factory=list)

    def __call__(self, stage: str, done: int, total: int, remark: str = "") -> None:
        assert remark == ""
        self.steps.append((stage, done, total))

    @property
    def done(self) -> list[int]:
        return [done for _, done, _ in self.steps]


def no_progress(stage: str, done: int, total: int, remark: str = "") -> None:
    """Ignores every report."""
