import importlib.util
import io
import json

import pytest
from rich.console import Console

from fewbench.benchmark.cli import console
from fewbench.benchmark.cli.console import (
    ProgressLines,
    can_draw_bars,
    duration_text,
    emit,
    progress_bars,
    progress_line,
    say,
    wrapped,
)
from fewbench.errors import UserError


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


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
    assert lines == [
        "classify: 30 of 1,000 (3 %), about 16 min left",
        "classify: 60 of 1,000 (6 %), about 16 min left",
        "classify: 90 of 1,000 (9 %), about 15 min left",
    ]
    progress.finish()
    assert lines[-1].startswith("classify: 99 of 1,000 (9 %)")
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


def test_news_get_a_line_at_once() -> None:
    lines: list[str] = []
    clock = Clock()
    progress = ProgressLines(lines.append, clock)
    for step in range(7):
        clock.now = float(step)
        progress("train", step, 100, f"loss {step // 3}")
    assert lines == [
        "train: 3 of 100 (3 %), loss 1, about 97 s left",
        "train: 6 of 100 (6 %), loss 2, about 94 s left",
    ]


def test_long_notes_are_broken_between_words() -> None:
    row = "learner    accuracy    and much more"
    command = "next: fewbench evaluate runs/maml --protocol glyphs-5w1s"
    note = "± is half the width of a 95 % interval"
    text = wrapped(f"{row}\n{note}\n\n{command}", 20)
    assert text.splitlines() == [
        row, "± is half the width", "of a 95 % interval", "", command,
    ]  # fmt: skip


def test_notes_are_broken_in_a_terminal_alone(monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    for stream, n_lines in ((io.StringIO(), 1), (Terminal(), 2)):
        monkeypatch.setattr("sys.stdout", stream)
        emit({}, "± is half the width of a 95 %", as_json=False)
        assert stream.getvalue().count("\n") == n_lines


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.4, "0 s"),
        (99.0, "99 s"),
        (100.0, "2 min"),
        (3600.0, "60 min"),
        (9000.0, "2.5 h"),
        (200_000.0, "2.3 days"),
    ],
)
def test_durations_have_the_unit_that_is_read_easily(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text


def test_a_download_is_told_in_bytes() -> None:
    line = progress_line("download a.zip", 1_500_000, 3_000_000)
    assert line == "download a.zip: 1.5 MB of 3.0 MB (50 %)"


def test_bars_are_drawn_where_they_can_be_redrawn(monkeypatch) -> None:
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    terminal = Console(file=Terminal(), force_terminal=True)
    notebook = Console(file=io.StringIO(), force_jupyter=True)
    assert can_draw_bars(terminal)
    assert not can_draw_bars(Console(file=io.StringIO(), force_terminal=False))
    # Colours may be forced in a file, but a bar would be written again and again.
    assert not can_draw_bars(Console(file=io.StringIO(), force_terminal=True))
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
    console.say("a\nerror: b", "next")
    console.say_error(UserError("d\u2028", "next"))
    said = capsys.readouterr().err
    assert said == "a\\nerror: b\nnext\nerror: d\\u2028\nnext\n"
    drawn = io.StringIO()
    terminal = Console(file=drawn, force_terminal=True, width=120, color_system=None)
    with console._drawn_bars(terminal) as progress:
        progress("read [bold]x[/nothing]", 1, 2, "[red]\x1b]0;")
    assert "read [bold]x[/nothing]" in drawn.getvalue()
    assert r"[red]\x1b]0;" in drawn.getvalue()
