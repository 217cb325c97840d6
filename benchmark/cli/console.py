"""What commands say: one JSON document or text on stdout, progress and notes on stderr."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

Json = Annotated[
    bool, typer.Option("--json", help="Print one JSON document instead of text.")
]
Progress = Callable[[str, int, int], None]


def emit(document: Any, text: str, as_json: bool) -> None:
    """Print the answer of a command."""
    if as_json:
        sys.stdout.write(
            json.dumps(document, indent=2, sort_keys=True, allow_nan=False) + "\n"
        )
    else:
        sys.stdout.write(text.rstrip("\n") + "\n")


def note(text: str) -> None:
    """Tell the user something that is not the answer."""
    sys.stderr.write(text + "\n")


def table(header: list[str], rows: list[list[str]]) -> str:
    """Aligned columns of plain text, which survives pipes and narrow terminals."""
    lines = [header, *rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(header))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) for cell, width in zip(line, widths, strict=True)
        ).rstrip()
        for line in lines
    )


@contextmanager
def progress_bars() -> Iterator[Progress]:
    """A callback (stage, done, total) that draws a bar with ETA for each stage."""
    from rich.console import Console
    from rich.filesize import decimal
    from rich.progress import Progress as Bars
    from rich.progress import (
        ProgressColumn,
        Task,
        TaskID,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class Speed(ProgressColumn):
        """Bytes a second of a download, images or episodes a second of anything else."""

        def render(self, task: Task) -> Text:
            speed = int(task.finished_speed or task.speed or 0)
            is_download = task.description.startswith("download")
            return Text(
                f"{decimal(speed) if is_download else f'{speed:,}'}/s" if speed else ""
            )

    note = TextColumn("{task.fields[note]}")
    columns = (note, Speed(), TimeElapsedColumn(), TimeRemainingColumn())
    with Bars(
        *Bars.get_default_columns()[:3], *columns, console=Console(stderr=True)
    ) as bars:
        tasks: dict[str, TaskID] = {}

        def advance(stage: str, done: int, total: int, remark: str = "") -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, note="")
            bars.update(tasks[stage], completed=done, total=total or None, note=remark)

        yield advance
