"""One kind of progress for everything: whoever works tells it, whoever watches implements it."""

from pathlib import Path

import pytest

from fewbench.benchmark.cli.console import progress_bars
from fewbench.datasets.build import build
from fewbench.progress import Progress, report_nothing
from fewbench_tests.bars import BARS


class Record:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, int, int]] = []

    def __call__(self, stage: str, done: int, total: int, remark: str = "") -> None:
        self.told.append((stage, done, total))


def test_any_callable_of_this_shape_is_a_progress(tmp_path: Path) -> None:
    record = Record()
    progress: Progress = record

    build(BARS, tmp_path, progress=progress)

    stages = {stage for stage, _, _ in record.told}
    assert stages == {"write bars"}
    assert record.told[-1] == ("write bars", 520, 520)


def test_the_command_line_has_one(tmp_path: Path) -> None:
    with progress_bars() as bars:
        progress: Progress = bars
        progress("train", 1, 2, "val 50 %")
        progress("train", 2, 2)


def test_silent_work_reports_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    silent: Progress = report_nothing
    silent("embed", 1, 2, "half")
    assert capsys.readouterr() == ("", "")
