"""Results as tables: a data frame and CSV for programs; Markdown, LaTeX and text for readers."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from .atomic import write_text
from .cards import Card, result_cards
from .intervals import result_interval
from .layout import Table, accuracy_tables
from .records import RunResult


def results_frame(results: Iterable[RunResult]) -> pd.DataFrame:
    """One row per result, nothing rounded: `mean`, `low`, `high` and `half_width` are fractions.
    `card` is the protocol's name, numbered where results of one name had different episodes."""
    rows = [_frame_row(card, result) for card in result_cards(results) for result in card.results]
    return pd.DataFrame(rows)


def write_csv(results: Iterable[RunResult], path: Path) -> Path:
    """Write `results_frame` to `path`; every number can be read back exactly."""
    return write_text(path, results_frame(results).to_csv(index=False, lineterminator="\n"))


def to_markdown(results: Iterable[RunResult]) -> str:
    """The accuracy tables in GitHub's Markdown."""
    return "\n".join(_markdown(table) for table in accuracy_tables(results))


def to_latex(results: Iterable[RunResult]) -> str:
    """The accuracy tables as LaTeX floats; the document needs \\usepackage{booktabs}."""
    tables = "\n".join(_latex(table) for table in accuracy_tables(results))
    return f"% Needs \\usepackage{{booktabs}} in the preamble.\n{tables}"


def to_text(results: Iterable[RunResult]) -> str:
    """The accuracy tables in plain characters, for a console."""
    return "\n".join(_text(table) for table in accuracy_tables(results))


def _frame_row(card: Card, result: RunResult) -> dict[str, object]:
    protocol, interval = result.protocol, result_interval(result)
    return {
        "result": result.file_stem,
        "dataset": protocol.dataset,
        "split": protocol.split,
        "protocol": protocol.name,
        "card": card.label,
        "n_way": protocol.n_way,
        "n_shot": protocol.n_shot,
        "n_query": protocol.n_query,
        "n_episodes": protocol.n_episodes,
        "episode_seed": protocol.seed,
        "rotations": protocol.rotations,
        "learner": result.learner,
        "backbone": result.backbone,
        "precision": result.precision,
        "device": result.device,
        "train_seed": result.train_seed,
        "transductive": result.transductive,
        "partial": result.partial,
        "mean": interval.mean,
        "half_width": interval.half_width,
        "low": interval.low,
        "high": interval.high,
        "level": interval.level,
        "kind": interval.kind,
        "data_fingerprint": result.data_fingerprint,
        "episodes_fingerprint": result.episodes_fingerprint,
        "checkpoint_sha256": result.checkpoint_sha256,
        "created_utc": result.created_utc,
    }


def _aligned(lines: Sequence[Sequence[str]], n_left: int) -> list[list[str]]:
    """Pad the cells of each column to one width, the first `n_left` columns to the left."""
    columns = [
        _padded(column, to_left=index < n_left)
        for index, column in enumerate(zip(*lines, strict=True))
    ]
    return [list(line) for line in zip(*columns, strict=True)]


def _padded(column: Sequence[str], to_left: bool) -> list[str]:
    header, *cells = column
    if not to_left:  # marks hang over, so that the digits stay below each other
        marks = [len(cell) - len(cell.rstrip(" †‡")) for cell in cells]
        cells = [cell + " " * (max(marks) - own) for cell, own in zip(cells, marks, strict=True)]
    width = max(len(header), *map(len, cells))
    return [cell.ljust(width) if to_left else cell.rjust(width) for cell in (header, *cells)]


def _text(table: Table) -> str:
    lines = _aligned([table.header, *(row.texts for row in table.rows)], n_left=3)
    rule = "─" * len("  ".join(lines[0]))
    body = ["  ".join(line).rstrip() for line in lines]
    return "\n".join(
        [f"{table.title}: accuracy (%)", body[0], rule, *body[1:], rule, *table.notes, ""]
    )


def _markdown(table: Table) -> str:
    texts = [table.header, *(row.texts for row in table.rows)]
    lines = _aligned([[_markdown_escape(cell) for cell in line] for line in texts], n_left=3)
    widths = [len(cell) for cell in lines[0]]
    rule = [":" + "-" * (w - 1) if i < 3 else "-" * (w - 1) + ":" for i, w in enumerate(widths)]
    body = [f"| {' | '.join(line)} |" for line in [lines[0], rule, *lines[1:]]]
    notes = [f"- {_markdown_escape(note)}" for note in table.notes]
    return "\n".join([f"### {table.title}: accuracy (%)", "", *body, "", *notes, ""])


def _markdown_escape(text: str) -> str:
    # An underscore inside a word (maml_higher) is no emphasis and reads better bare.
    special = r"[\\`*\[\]<>|~&]|(?<!\w)_|_(?!\w)"
    return re.sub(special, r"\\\g<0>", " ".join(text.split()))


_LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': "''",
    "±": r"$\pm$",
    "†": r"\dag{}",
    "‡": r"\ddag{}",
    "–": "--",
    "…": r"\ldots{}",
    "·": r"$\cdot$",
    **{character: f"\\{character}" for character in "&%$#_{}"},
}


def _latex_escape(text: str) -> str:
    return "".join(_LATEX.get(character, character) for character in " ".join(text.split()))


def _latex_row(cells: Sequence[str]) -> str:
    line = " & ".join(_latex_escape(cell) for cell in cells).replace(r" $\pm$ ", r"\,$\pm$\,")
    hanging = re.sub(r" ((?:\\d?dag\{\})+)(?= &|$)", r"\\rlap{\\textsuperscript{\1}}", line)
    return rf"  {hanging} \\"


def _latex_header(table: Table) -> str:
    """Names on two lines, broken at a space or after the dataset, make the columns narrow."""
    names = [_latex_escape(name) for name in table.header]
    halves = [re.sub(r"(?<=-)(?=\w)| ", r"\\\\", name, count=1) for name in names]
    stacked = [rf"\shortstack[r]{{{name}}}" for name in halves[3:]]
    return f"  {' & '.join([*halves[:3], *stacked])} \\\\"


def _latex(table: Table) -> str:
    columns = "@{}lll" + "r" * (1 + len(table.cards)) + "@{}"
    notes = [f"  {_latex_escape(note)}.\\par" for note in table.notes]
    return "\n".join(
        [
            r"\begin{table}",
            r"  \centering\footnotesize\setlength{\tabcolsep}{3pt}",
            rf"  \caption{{Accuracy (\%) on {_latex_escape(table.title)}.}}\smallskip",
            rf"  \begin{{tabular}}{{{columns}}}",
            r"  \toprule",
            _latex_header(table),
            r"  \midrule",
            *(_latex_row(row.texts) for row in table.rows),
            r"  \bottomrule",
            r"  \end{tabular}",
            r"  \par\medskip\raggedright\scriptsize",
            *notes,
            r"\end{table}",
            "",
        ]
    )
