"""GitHub gets at most what it shows, and nothing that it would read as a command."""

from pathlib import Path

from fewbench.benchmark.guard.pytest_plugin.github import (
    MOST_BYTES,
    Annotation,
    annotation_lines,
    append_summary,
)


def annotation(number: int = 1, text: str = "dropped") -> Annotation:
    return Annotation("tests/test_a.py", number, "proto on glyphs", text)


def test_an_annotation_is_one_escaped_line() -> None:
    one = Annotation("a,b:c.py", 3, "x: 5 %", "fell by 1 %\r\n::error::more")

    [line] = annotation_lines([one])

    place = "file=a%2Cb%3Ac.py,line=3,title=x%3A 5 %25"
    assert line == f"::error {place}::fell by 1 %25%0D%0A::error::more"


def test_nine_annotations_in_all_and_the_number_of_the_others() -> None:
    nine = list(annotation_lines(annotation(n) for n in range(9)))
    lines = list(annotation_lines(annotation(n) for n in range(12)))

    assert (len(nine), len(lines)) == (9, 9)
    assert "more checks" not in nine[-1]
    assert lines[-1] == "::error title=fewbench::and 4 more checks failed"


def test_no_failure_gives_no_annotation() -> None:
    assert list(annotation_lines([])) == []


def test_text_is_added_to_a_summary(tmp_path: Path) -> None:
    path = tmp_path / "summary.md"
    path.write_text("before\n")

    append_summary(path, "### Accuracy\n")

    assert path.read_text() == "before\n### Accuracy\n"


def test_a_long_summary_is_cut_between_lines(tmp_path: Path) -> None:
    path = tmp_path / "summary.md"
    path.write_text("before\n")

    append_summary(path, "zwölf Prüfungen\n" * 100_000)

    text = path.read_text()
    assert MOST_BYTES - 100 < len(text.encode()) <= MOST_BYTES
    assert text.startswith("before\nzwölf")
    assert "Prüfungen\n\n\n(The rest is cut off here" in text


def test_a_full_summary_gets_nothing(tmp_path: Path) -> None:
    path = tmp_path / "summary.md"
    path.write_bytes(b"x" * (MOST_BYTES - 3))

    append_summary(path, "### Accuracy\n")

    assert path.stat().st_size == MOST_BYTES - 3
