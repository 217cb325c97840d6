import importlib.util
import io
import json

from rich.console import Console

from fewbench.benchmark.cli import console
from fewbench.benchmark.cli.console import (
    ProgressLines,
    can_draw_bars,
    emit,
    progress_bars,
    progress_line,
    say,
)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_answer_is_text_or_one_document(capsys) -> None:
    emit({"b": 1, "a": "é"}, "text\n\n", as_json=False)
    emit({"b": 1, "a": "é"}, "text", as_json=True)
    say("beside")
    out, err = capsys.readouterr()
    assert out.startswith("text\n{")
    assert json.loads(out.removeprefix("text\n")) == {"a": "é", "b": 1}
    assert err == "beside\n"


def test_a_file_gets_a_line_now_and_then() -> None:
    lines: list[str] = []
    clock = Clock()
    progress = ProgressLines(lines.append, clock)
    for second in range(100):
        clock.now = float(second)
        progress("classify", second, 1000)
    assert lines == [f"classify: {k} of 1,000 ({k // 10} %)" for k in (30, 60, 90)]
    progress.finish()
    assert lines[-1] == "classify: 99 of 1,000 (9 %)"
    assert len(lines) == 4


def test_the_end_of_a_stage_gets_a_line_once() -> None:
    lines: list[str] = []
    progress = ProgressLines(lines.append, Clock())
    progress("embed", 10, 20)
    progress("embed", 20, 20)
    for batch in (1, 2, 3):
        progress("classify", 250 * batch, 250 * batch)
    progress("search", 7, 0, "found 2")
    progress.finish()
    assert lines == [
        "embed: 20 of 20 (100 %)",
        "classify: 250 of 250 (100 %)",
        "classify: 750 of 750 (100 %)",
        "search: 7, found 2",
    ]


def test_a_stage_that_ended_early_is_told_before_the_next_begins() -> None:
    lines: list[str] = []
    progress = ProgressLines(lines.append, Clock())
    progress("train", 58, 60)
    for stage in ("embed", "report"):
        progress(stage, 0, 1)
        progress(stage, 1, 1)
    progress.finish()
    assert lines == [
        "train: 58 of 60 (96 %)",
        "embed: 1 of 1 (100 %)",
        "report: 1 of 1 (100 %)",
    ]


def test_a_download_is_told_in_bytes() -> None:
    line = progress_line("download a.zip", 1_500_000, 3_000_000)
    assert line == "download a.zip: 1.5 MB of 3.0 MB (50 %)"


def test_bars_are_drawn_where_they_can_be_redrawn(monkeypatch) -> None:
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    terminal = Console(file=io.StringIO(), force_terminal=True)
    notebook = Console(file=io.StringIO(), force_jupyter=True)
    assert can_draw_bars(terminal)
    assert not can_draw_bars(Console(file=io.StringIO(), force_terminal=False))
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: object())
    assert can_draw_bars(notebook)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    assert not can_draw_bars(notebook)  # without ipywidgets nothing would be shown
    monkeypatch.setenv("TERM", "dumb")
    assert not can_draw_bars(terminal)


def test_a_pipe_gets_lines(capsys) -> None:
    with progress_bars() as progress:
        progress("embed", 5, 10)
        progress("embed", 10, 10, "fast")
    assert capsys.readouterr().err == "embed: 10 of 10 (100 %), fast\n"


def test_a_terminal_gets_bars(monkeypatch) -> None:
    drawn = io.StringIO()
    terminal = Console(file=drawn, force_terminal=True, width=120)
    monkeypatch.setattr(console, "can_draw_bars", lambda _: True)
    with console._drawn_bars(terminal) as progress:
        progress("download a.zip", 5, 0)
        progress("embed", 10, 10, "fast")
    assert "embed" in drawn.getvalue()
    assert "fast" in drawn.getvalue()


def test_names_from_files_are_shown_as_they_are(capsys, monkeypatch) -> None:
    console.emit({}, "a\x1b[31m\nb", as_json=False)
    console.say("c\u202e\r")
    printed = capsys.readouterr()
    assert printed.out == "a\\x1b[31m\nb\n"
    assert printed.err == "c\\u202e\\r\n"
    drawn = io.StringIO()
    terminal = Console(file=drawn, force_terminal=True, width=120, color_system=None)
    with console._drawn_bars(terminal) as progress:
        progress("read [bold]x[/nothing]", 1, 2, "[red]\x1b]0;")
    assert "read [bold]x[/nothing]" in drawn.getvalue()
    assert r"[red]\x1b]0;" in drawn.getvalue()
