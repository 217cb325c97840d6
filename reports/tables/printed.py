"""TODO docstring of fewbench.reports.tables.printed."""

from collections.abc import Callable, Iterable, Sequence

from ..published import Beside, Published
from ..records import RunResult
from ..stats.comparisons import Comparison
from .accuracy import Cell, Table, accuracy_tables
from .footnotes import LITTLE_SPREAD_NOTE
from .rendering import Entry, Grid, latex_table, markdown_table, text_table
from .train_seeds import seed_tables

PAIRS_NOTE = (
    "difference in points: the first minus the second on the same episodes, ± of a 95 % paired "
    "t-interval; p: two-sided, Holm-corrected over these pairs; wins: share of the episodes that "
    "go better for the first, ties half"
)


BESIDE_NOTE = (
    "difference in points: ours minus published; verdict of two one-sided t-tests (5 %) on whether "
    "they are less than {:g} points apart. A published ± counts where it is an interval over "
    "episodes; without one the published number counts as exact. Training seeds count for nothing"
)


RECALLED_NOTE = "(recalled): written down from memory, not looked up"


def to_markdown(results: Iterable[RunResult]) -> str:
    """The accuracy tables in GitHub's Markdown."""
    return markdown(result_grids(results))


def to_latex(results: Iterable[RunResult]) -> str:
    """The accuracy tables as LaTeX floats; the document needs \\usepackage{booktabs}."""
    return latex(result_grids(results))


def to_text(results: Iterable[RunResult]) -> str:
    """The accuracy tables in plain characters, for a console."""
    return "\n".join(map(text_table, result_grids(results)))


def markdown(grids: Iterable[Grid]) -> str:
    """Any tables in Markdown, below each other."""
    return "\n".join(map(markdown_table, grids))


def latex(grids: Iterable[Grid]) -> str:
    """Any tables as a LaTeX file to \\input."""
    return "\n".join(
        ["% Needs \\usepackage{booktabs} in the preamble.", *map(latex_table, grids)]
    )


def result_grids(results: Iterable[RunResult]) -> list[Grid]:
    """The accuracies, and their spread over training seeds where there are several."""
    results = list(results)
    return [
        *accuracy_grids(accuracy_tables(results)),
        *seed_grids(seed_tables(results)),
    ]


def accuracy_grids(tables: Iterable[Table]) -> list[Grid]:
    """The tables of `accuracy_tables` for printing."""
    return [_grid(table, f"{table.title}: accuracy (%)") for table in tables]


def seed_grids(tables: Iterable[Table]) -> list[Grid]:
    """The tables of `seed_tables` for printing."""
    return [
        _grid(table, f"{table.title}: accuracy (%) over training seeds")
        for table in tables
    ]


def comparisons_grid(label: str, comparisons: Sequence[Comparison]) -> Grid:
    """The paired differences of one protocol card."""
    names = pair_names([result for pair in comparisons for result in (pair.a, pair.b)])
    rows = [
        [
            Entry(names[id(pair.a)], result=pair.a),
            Entry(names[id(pair.b)], result=pair.b),
            Entry(_difference(pair), "°" * pair.interval.of_little_spread),
            Entry("< 0.001" if pair.p_adjusted < 0.001 else f"{pair.p_adjusted:.3f}"),
            Entry(f"{pair.superiority:.2f}"),
        ]
        for pair in comparisons
    ]
    header = ["result", "compared with", "difference", "p", "wins"]
    alike = any(pair.interval.of_little_spread for pair in comparisons)
    notes = [PAIRS_NOTE, *[LITTLE_SPREAD_NOTE] * alike]
    return Grid(f"{label}: paired differences (points)", "pprrr", header, rows, notes)


def beside_grid(pairs: Sequence[Beside], margin: float) -> Grid:
    """Our numbers beside published ones."""
    header = [
        "ours",
        "accuracy",
        "published",
        "difference",
        "verdict",
        "source",
        "differs in",
    ]
    notes = [BESIDE_NOTE.format(100 * margin)]
    notes += [RECALLED_NOTE] * any(pair.published.recalled for pair in pairs)
    rows = [_beside_entries(pair) for pair in pairs]
    title = "Ours beside published numbers: accuracy (%)"
    return Grid(title, "prrrppp", header, rows, notes)


def pair_names(results: Iterable[RunResult]) -> dict[int, str]:
    """What to call results in one comparison, by id: no longer than it takes to tell them apart."""
    distinct = list({id(result): result for result in results}.values())
    parts: list[Callable[[RunResult], str]] = [
        lambda result: result.learner,
        lambda result: result.backbone,
        lambda result: result.precision,
        lambda result: f"seed {result.train_seed}",
        lambda result: (result.checkpoint_sha256 or "")[:8],
    ]
    telling = [
        part for part in parts[1:] if len({part(result) for result in distinct}) > 1
    ]
    names: dict[int, str] = {}
    for n in range(len(telling) + 1):
        names = {
            id(result): " ".join(
                filter(None, (part(result) for part in [parts[0], *telling[:n]]))
            )
            for result in distinct
        }
        if len(set(names.values())) == len(distinct):
            break
    return names


def _grid(table: Table, title: str) -> Grid:
    rows = [
        [*map(Entry, row.label.texts), *(_entry(cell) for cell in row.cells)]
        for row in table.rows
    ]
    return Grid(
        title, "lll" + "r" * (1 + len(table.cards)), table.header, rows, table.notes
    )


def _entry(cell: Cell | None) -> Entry:
    if cell is None:
        return Entry("–")
    return Entry(cell.value, cell.marks, cell.standing == "best", cell.result)


def _difference(pair: Comparison) -> str:
    return f"{100 * pair.difference:+.2f} ± {100 * pair.interval.half_width:.2f}"


def _beside_entries(pair: Beside) -> list[Entry]:
    result, theirs = pair.result, pair.published
    spread = "" if theirs.half_width is None else f" ± {theirs.half_width:.2f}"
    source = f"{theirs.method}, {theirs.variant}: {_source(theirs)}"
    return [
        Entry(f"{result.learner} seed {result.train_seed} on {result.protocol.name}"),
        _entry(Cell((result,), pair.interval)),
        Entry(f"{theirs.accuracy:.2f}{spread}"),
        Entry(f"{100 * pair.difference:+.2f}"),
        Entry(pair.verdict),
        Entry(source, " (recalled)" * theirs.recalled, url=theirs.url),
        Entry("; ".join(pair.differs_in) or "nothing stated"),
    ]


def _source(theirs: Published) -> str:
    """A paper by name; an issue by its address, since its name tells nothing."""
    is_issue = theirs.source.startswith("GitHub issue")
    return theirs.url.removeprefix("https://") if is_issue else theirs.source
