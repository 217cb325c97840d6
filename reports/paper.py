"""Write the LaTeX files of a report: its tables, its literature and an example paper."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from fewbench.files import write_text

from .records import RunResult
from .references import bibliography
from .tables.latex import latex_grids
from .tables.printed import LATEX_NEEDS
from .tables.printed_table import PrintedTable

_EXAMPLE = r"""% An example paper with the tables and a figure of this report. To compile it:
%   pdflatex paper && bibtex paper && pdflatex paper && pdflatex paper
\documentclass[twocolumn]{article}
\usepackage{booktabs}
\usepackage{graphicx}
\begin{document}
\title{An example paper}
\author{}
\maketitle
\noindent Figure~\ref{fig:accuracy} shows the accuracies. The numbers are in the tables:
REFS.

\begin{figure}
  \centering
  \includegraphics[width=\columnwidth,height=0.8\textheight,keepaspectratio]{accuracy}
  \caption{Accuracy of each learner. Made with fewbench~\cite{fewbench}.}\label{fig:accuracy}
\end{figure}

INPUTS

\bibliographystyle{plain}
\bibliography{references}
\end{document}
"""


def write_paper(
    results: Sequence[RunResult], grids: Iterable[PrintedTable], out: Path
) -> list[Path]:
    """Write the LaTeX files of a report into a folder, and return their paths.

    They are a file for each table, results.tex with all of them, references.bib, and the
    example paper.tex.
    """
    tables = list(grids)
    floats = dict(latex_grids(tables))
    paths = []
    for name, text in floats.items():
        path = out / f"table_{name}.tex"
        paths.append(write_text(path, f"{LATEX_NEEDS}\n{text}"))
    everything = "\n".join([LATEX_NEEDS, *floats.values()])
    paths.append(write_text(out / "results.tex", everything))
    literature = bibliography(results, _cited(tables))
    paths.append(write_text(out / "references.bib", literature))
    paths.append(write_text(out / "paper.tex", _example(floats)))
    return paths


def _cited(grids: Iterable[PrintedTable]) -> set[str]:
    """Return the keys of the papers that the cells of tables name."""
    keys: set[str] = set()
    for grid in grids:
        for row in grid.rows:
            keys.update(cell.cites for cell in row if cell.cites)
    return keys


def _example(names: Iterable[str]) -> str:
    names = list(names)
    refs = [rf"Table~\ref{{tab:{name}}}" for name in names]
    inputs = [rf"\input{{table_{name}}}" for name in names]
    text = _EXAMPLE.replace("REFS", ",\n".join(refs))
    return text.replace("INPUTS", "\n".join(inputs))
