"""Write the tables of a report: CSV, Markdown and LaTeX."""

from itertools import chain
from pathlib import Path
from typing import Any

from fewbench.files import write_text

from .paper import write_paper
from .published import MARGIN
from .report_data import LISTED_BESIDE, LOST, PUBLISHED, ReportData
from .tables.beside_frame import beside_frame
from .tables.beside_published import beside_grid
from .tables.frames import comparisons_frame, seeds_frame, tables_frame, write_csv
from .tables.hardest import lost_frames
from .tables.other_classes import other_classes_frame
from .tables.printed import accuracy_grids, markdown
from .tables.printed_table import PrintedTable


def write_tables(data: ReportData, out: Path) -> list[Path]:
    """Write the tables of a report into a folder, and return the files' paths."""
    paths = []
    for name, frame in _frames(data).items():
        if not frame.empty:
            paths.append(write_csv(frame, out / f"{name}.csv"))
    accuracies = accuracy_grids(data.tables)
    everything = chain(accuracies, *data.grids.values())
    unfolded = [grid for grid in everything if not grid.folded]
    paths.append(write_text(out / "results.md", markdown(unfolded)))
    for_a_paper = chain(accuracies, *_grids_for_a_paper(data).values())
    return paths + write_paper(data.results, for_a_paper, out)


def _frames(data: ReportData) -> dict[str, Any]:
    """Return the content of each CSV file: file stem -> pandas table."""
    compared = [pair for _, pairs in data.compared for pair in pairs]
    best = [group.most_accurate(1).results[0] for group in data.all_groups]
    return {
        "results": tables_frame(data.tables),
        "train_seeds": seeds_frame(data.seeds),
        "comparisons": comparisons_frame(compared),
        "published": beside_frame(data.beside, MARGIN),
        "other_classes": other_classes_frame(data.other_classes),
        **lost_frames(best),
    }


def _grids_for_a_paper(data: ReportData) -> dict[str, list[PrintedTable]]:
    """Return the tables that a paper has room for, without the accuracy tables.

    Of the published numbers, only the references are kept. The tables about lost
    accuracy are left out.
    """
    grids = dict(data.grids)
    grids[LOST] = []
    grids[PUBLISHED] = []
    own_claims = [pair for pair in data.beside if pair.published.reference]
    if own_claims:
        grids[PUBLISHED] = [beside_grid(own_claims[:LISTED_BESIDE], MARGIN)]
    return grids
