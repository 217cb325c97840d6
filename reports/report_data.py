"""Compute what a report shows, once for all its tables, plots and its page."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from .groups import ResultGroup, result_groups
from .published import MARGIN, Beside, PublishedNumber, pairs_beside
from .records import RunResult
from .stats.comparisons import Comparison, compare_all
from .tables.accuracy import accuracy_tables
from .tables.beside_published import beside_grids
from .tables.differences import comparisons_grid
from .tables.hardest import lost_grids
from .tables.other_classes import (
    ForOtherClasses,
    for_other_classes,
    other_classes_grid,
)
from .tables.printed import seed_grids
from .tables.printed_table import PrintedTable
from .tables.run_names import shortest_names
from .tables.table import Table
from .tables.train_seeds import seed_tables

# Plots with more groups, lines or pairs than this would be hard to read. The tables
# have all of them.
PLOTTED_GROUPS = 20
PLOTTED_LINES = 72
PLOTTED_BESIDE = 60
DETAILED_GROUPS = 6  # groups that get plots of their own
# With more than MANY results, the FEW limits apply, since plots take most of the time.
MANY = 100
FEW_DETAILED = 1
FEW_GROUPS = 8
FEW_LINES = 32
FEW_BESIDE = 20
COMPARED = 5  # most accurate results in a group that are compared: 10 pairs
LISTED_BESIDE = 100  # rows of a table of published numbers; the CSV file has all

PUBLISHED = "Published numbers"
LOST = "Where accuracy is lost"

Compared = list[tuple[ResultGroup, list[Comparison]]]


@dataclass(frozen=True)
class ReportData:
    """The results in a report, with everything that is computed from them.

    tables: the accuracy tables
    seeds: the tables of averages over training seeds
    all_groups: all groups (`ResultGroup`), each with all its results
    plotted: the groups that are plotted, each with its most accurate results
    detailed: the groups that get plots of their own
    compared: paired comparisons of the most accurate results in a group
    beside: our results paired with published numbers
    other_classes: the results of the detailed groups, with their intervals for classes
        outside the test split
    """

    results: list[RunResult]
    tables: list[Table]
    seeds: list[Table]
    all_groups: list[ResultGroup]
    plotted: list[ResultGroup]
    detailed: list[ResultGroup]
    compared: Compared
    beside: list[Beside]
    other_classes: list[ForOtherClasses]

    @cached_property
    def grids(self) -> dict[str, list[PrintedTable]]:
        """All tables except the accuracy tables: heading -> tables.

        Empty tables are left out.
        """
        differences = []
        for group, pairs in self.compared:
            differences.append(comparisons_grid(group.label, pairs))
        lost: list[PrintedTable] = []
        names: dict[RunResult, str] = {}
        for group in self.detailed:
            lost += lost_grids(group)
            names.update(shortest_names(group.results))
        found = {
            "Training seeds": seed_grids(self.seeds),
            "Paired differences": differences,
            PUBLISHED: beside_grids(self.beside, MARGIN, LISTED_BESIDE),
            "Other classes": [other_classes_grid(self.other_classes, names)],
            LOST: lost,
        }
        return _without_empty(found)


def gather(
    results: Sequence[RunResult],
    published: Sequence[PublishedNumber] = (),
) -> ReportData:
    """Compute everything that a report shows.

    The results are grouped, and compared with each other and with published numbers.
    """
    all_groups = result_groups(results)
    ordered = [result for group in all_groups for result in group.results]
    plotted = _most_accurate(all_groups)
    n_detailed = DETAILED_GROUPS if len(ordered) <= MANY else FEW_DETAILED
    detailed = plotted[:n_detailed]
    return ReportData(
        results=ordered,
        tables=accuracy_tables(ordered),
        seeds=seed_tables(ordered),
        all_groups=all_groups,
        plotted=plotted,
        detailed=detailed,
        compared=_compared(plotted),
        beside=pairs_beside(ordered, published),
        other_classes=for_other_classes(detailed),
    )


def _most_accurate(groups: Sequence[ResultGroup]) -> list[ResultGroup]:
    """Return the groups that a figure has room for, with their most accurate results.

    The more groups there are, the fewer results of each are kept.
    """
    n_results = sum(len(group.results) for group in groups)
    most_groups, lines = FEW_GROUPS, FEW_LINES
    if n_results <= MANY:
        most_groups, lines = PLOTTED_GROUPS, PLOTTED_LINES
    shown = groups[:most_groups]
    lines_of_one = lines // len(shown) - 1
    limit = min(max(lines_of_one, 3), 12)
    return [group.most_accurate(limit) for group in shown]


def _compared(groups: Sequence[ResultGroup]) -> Compared:
    compared = []
    for group in groups[:PLOTTED_GROUPS]:
        best = group.most_accurate(COMPARED).results
        if len(best) > 1 and group.protocol.n_episodes > 1:
            compared.append((group, compare_all(best)))
    return compared


def _without_empty(
    found: dict[str, list[PrintedTable]],
) -> dict[str, list[PrintedTable]]:
    grids: dict[str, list[PrintedTable]] = {}
    for heading, candidates in found.items():
        with_rows = [grid for grid in candidates if grid.rows]
        if with_rows:
            grids[heading] = with_rows
    return grids
