"""A real pdflatex. Whoever imports this skips where it is missing."""

import subprocess
from pathlib import Path

from fewbench_tests.programs import program

PDFLATEX = program(
    "pdflatex", install="apt-get install texlive-latex-recommended lmodern"
)
BIBTEX = program("bibtex", install="apt-get install texlive-binaries")


def pdflatex(folder: Path) -> str:
    """The log of a run over paper.tex, which must not stop at anything."""
    command = [PDFLATEX, "-interaction=nonstopmode", "-halt-on-error", "paper"]
    run = subprocess.run(
        command, cwd=folder, capture_output=True, timeout=120, check=False
    )
    log = (folder / "paper.log").read_text(encoding="latin-1")
    assert run.returncode == 0, log[-2000:]
    assert (folder / "paper.pdf").read_bytes().startswith(b"%PDF")
    return log + run.stdout.decode("latin-1")


def bibtex(folder: Path) -> str:
    """What bibtex says of paper.tex. It must find every entry."""
    run = subprocess.run(
        [BIBTEX, "paper"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout
    return run.stdout
