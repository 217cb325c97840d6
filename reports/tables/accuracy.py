"""Make accuracy tables: a row per trained learner, a column per group of results.

A group (`ResultGroup`) is all results that were scored on the same episodes.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from ..groups import ResultGroup, conflicts, result_groups
from ..records import ResultError, RunResult
from ..stats.comparisons import tied_with_best
from .cells import Cell
from .footnotes import table_footnotes
from .table import Label, Row, Table

# The text width of a page has room for four columns that name the learner and for four
# columns of accuracies.
COLUMNS_PER_TABLE = 4

Column = Mapping[Label, Cell]


def accuracy_tables(results: Iterable[RunResult]) -> list[Table]:
    """Make accuracy tables from results.

    Rows and columns are sorted, so the order of `results` does not matter. Each
    training seed has its own row, since an average over seeds would mix two kinds of
    spread: between training runs and between episodes.
    """
    groups = result_groups(results)
    return tables_of(groups, _columns(groups))


def tables_of(
    groups: Iterable[ResultGroup],
    columns: Mapping[ResultGroup, Column],
) -> list[Table]:
    """Arrange columns into tables, with at most COLUMNS_PER_TABLE columns each.

    columns: group of results -> the column of the group (row label -> cell)
    """
    groups = list(groups)
    warnings = conflicts(groups)
    by_dataset = defaultdict(list)
    for group in groups:
        dataset = group.protocol.dataset
        by_dataset[dataset].append(group)
    tables = []
    for dataset in sorted(by_dataset):
        own = by_dataset[dataset]
        for start in range(0, len(own), COLUMNS_PER_TABLE):
            part = own[start : start + COLUMNS_PER_TABLE]
            tables.append(_table(part, columns, warnings))
    return tables


def standings(group: ResultGroup) -> list[str]:
    """Return "best", "tied" or "" for each result in a group.

    Several results with the highest mean are all "best". "tied" means not significantly
    worse than the first of them. All are "" if the group has only one result or only
    one episode, since nothing can be compared then.
    """
    results = group.results
    if len(results) < 2 or group.protocol.n_episodes < 2:
        return ["" for _ in results]
    highest = max(result.mean for result in results)
    tied = _tied(results)
    standings = []
    for place, result in enumerate(results):
        if result.mean == highest:
            standings.append("best")
        elif place in tied:
            standings.append("tied")
        else:
            standings.append("")
    return standings


def row_label(result: RunResult) -> Label:
    """Return the row label of a result. Other results may have the same label."""
    return Label(
        learner=result.learner,
        backbone=result.backbone,
        precision=result.precision,
        seeds=(result.train_seed,),
        images=result.image_changes,
    )


def _tied(results: Sequence[RunResult]) -> set[int]:
    try:
        return tied_with_best(results)
    except ResultError:
        return set()


def _table(
    groups: Sequence[ResultGroup],
    columns: Mapping[ResultGroup, Column],
    warnings: Mapping[str, str],
) -> Table:
    labels: set[Label] = set()
    for group in groups:
        labels.update(columns[group])
    rows = []
    for label in sorted(labels):
        cells = [columns[group].get(label) for group in groups]
        rows.append(Row(label, tuple(cells)))
    dataset = groups[0].protocol.dataset
    notes = table_footnotes(groups, rows, warnings)
    return Table(
        title=dataset,
        groups=tuple(groups),
        rows=tuple(rows),
        notes=tuple(notes),
    )


def _columns(groups: Sequence[ResultGroup]) -> dict[ResultGroup, Column]:
    """Return the column of each group: row label -> cell.

    Training runs with equal labels are numbered. The number belongs to the checkpoint
    and is the same in all columns of a dataset, so each row shows one training run.
    """
    known_runs = defaultdict(list)
    columns: dict[ResultGroup, Column] = {}
    for group in groups:
        dataset = group.protocol.dataset
        column: dict[Label, Cell] = {}
        seen = Counter()
        for result, standing in zip(group.results, standings(group), strict=True):
            label = row_label(result)
            checkpoint = result.checkpoint_sha256
            seen[label, checkpoint] += 1
            run = (checkpoint, seen[label, checkpoint])
            alike = known_runs[dataset, label]
            if run not in alike:
                alike.append(run)
            numbered = label._replace(repeat=alike.index(run) + 1)
            column[numbered] = Cell.of(result, standing)
        columns[group] = column
    return columns
