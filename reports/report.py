"""Write a report: all tables and plots of a set of results, and an HTML page."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from fewbench.folders import refuse_taken, whole_folder

from .names import check_shown_name, key_of
from .page.html import Page, write_page
from .plots.accuracy import accuracy_figure
from .plots.along import along_figure
from .plots.beside_published import published_figure
from .plots.classes import ClassSamples, class_figure, no_samples
from .plots.curves import (
    curve_learners,
    has_values,
    learning_curve_figure,
    learning_curves_figure,
)
from .plots.differences import differences_figure
from .plots.episodes import histogram_figure
from .plots.saving import KINDS, Figure, save_figure
from .plots.style import Styles, styles_of
from .published import MARGIN, PublishedNumber
from .records import ResultError, RunResult
from .report_data import (
    FEW_BESIDE,
    MANY,
    PLOTTED_BESIDE,
    PLOTTED_GROUPS,
    ReportData,
    gather,
)
from .report_tables import write_tables

# Larger figures are shown as PNG on the page.
_LARGEST_SVG = 100_000

History = list[dict[str, Any]]
Histories = Mapping[str, History]
# Files that every report has.
ALWAYS = (
    "index.html",
    "results.md",
    "results.csv",
    "results.tex",
    "references.bib",
    "paper.tex",
    *(f"accuracy.{kind}" for kind in KINDS),
)
# The file stem, the title and the figure of one plot.
Plot = tuple[str, str, Figure]


def write_report(
    results: Sequence[RunResult],
    out: Path,
    samples: Mapping[str, bytes] | None = None,
    histories: Histories | None = None,
    class_samples: ClassSamples = no_samples,
    published: Sequence[PublishedNumber] = (),
) -> list[Path]:
    """Write tables, plots and index.html into a folder, and return the files' paths.

    The tables hold every result. Plots show only the most accurate results for each
    protocol, and say how many results they leave out. All files appear at the same
    moment, and replace the files of an earlier report.

    samples: caption -> PNG bytes of an image that the page shows
    histories: run name -> rows of a training log; see `plot_learning_curve`
    class_samples: returns sample images of the hardest classes; see `ClassSamples`
    published: numbers from papers to compare the results with
    Raises ResultError if there are no results, or if the name of a learning curve is
    not one line of text. Raises UserError if files of others would be overwritten.
    """
    histories = histories or {}
    _check(results, histories)
    data = gather(results, published)
    with whole_folder(out) as folder:
        paths = write_tables(data, folder)
        plots = list(_figures(data, histories, class_samples))
        # Drawing takes most of the time.
        _refuse_taken(out, paths, plots)
        files, figures = _save_plots(plots, folder)
        paths += files
        page = Page(
            tables=data.tables,
            grids=data.grids,
            figures=figures,
            samples=samples or {},
        )
        paths.append(write_page(page, folder / "index.html"))
    return [Path(out) / path.name for path in paths]


def _refuse_taken(out: Path, tables: Sequence[Path], plots: Sequence[Plot]) -> None:
    """Raise UserError if a file of another in `out` has the name of a table or plot."""
    names = [path.name for path in tables]
    for stem, _, _ in plots:
        names += [f"{stem}.{kind}" for kind in KINDS]
    refuse_taken(out, *names)


def _save_plots(
    plots: Sequence[Plot], folder: Path
) -> tuple[list[Path], dict[str, str | bytes]]:
    """Save plots. Return their files, and the figures for the page by their titles."""
    files: list[Path] = []
    figures: dict[str, str | bytes] = {}
    for stem, title, figure in plots:
        png, svg, pdf = save_figure(figure, folder / stem)
        files += [png, svg, pdf]
        figures[title] = _for_page(svg, png)
    return files, figures


def _for_page(svg: Path, png: Path) -> str | bytes:
    """Return a figure as SVG, or as PNG if it has so many parts that the page would grow."""
    size = svg.stat().st_size
    if size > _LARGEST_SVG:
        return png.read_bytes()
    return svg.read_text(encoding="utf-8")


def _check(results: Sequence[RunResult], histories: Histories) -> None:
    if not results:
        raise ResultError(
            "nothing to report: expected at least one result, got none. "
            "Make one: fewbench evaluate LEARNER --protocol NAME --out DIR"
        )
    for name in histories:
        try:
            check_shown_name(name)
        except ValueError as error:
            raise ResultError(
                f"learning curve {name!r}: cannot show its name: {error}, got {name!r}. "
                "Rename the learning curve"
            ) from None


def _figures(
    data: ReportData,
    histories: Histories,
    class_samples: ClassSamples,
) -> Iterator[Plot]:
    """Yield all plots of the report, in the order of the page.

    A learner has the same colour in all of them.
    """
    learners = {result.learner for result in data.results}
    learners.update(curve_learners(histories).values())
    styles = styles_of(learners)
    yield from _overviews(data, styles)
    yield from _single_groups(data, class_samples, styles)
    yield from _curves(histories, styles)


def _overviews(data: ReportData, styles: Styles) -> Iterator[Plot]:
    """Yield the plots that show several groups of results together."""
    n_groups = sum(len(table.groups) for table in data.tables)
    n_plotted = len(data.plotted)
    some = ""
    if n_plotted < n_groups:
        some = f" (the first {n_plotted} of {n_groups})"
    title = f"Accuracy by protocol{some} and learner"
    yield "accuracy", title, accuracy_figure(data.plotted, styles)
    for field, name in (("n_shot", "shots"), ("n_way", "ways")):
        figure = along_figure(data.results, field, styles)
        if figure:
            yield f"accuracy_by_{name}", f"Accuracy against {name}", figure
    if data.beside:
        most = PLOTTED_BESIDE if len(data.results) <= MANY else FEW_BESIDE
        figure = published_figure(data.beside[:most], MARGIN, styles)
        yield "published", "Ours against published numbers", figure


def _single_groups(
    data: ReportData,
    class_samples: ClassSamples,
    styles: Styles,
) -> Iterator[Plot]:
    """Yield the plots that show one group of results each.

    They show paired differences between results, accuracies of single episodes, and the
    hardest classes.
    """
    for group, pairs in data.compared[: len(data.detailed)]:
        title = f"Paired differences, {group.label}"
        yield f"differences_{group.file_name}", title, differences_figure(pairs)
    for group in data.detailed:
        title = f"Accuracy of single episodes, {group.label}"
        yield f"episodes_{group.file_name}", title, histogram_figure(group, styles)
        title = f"Hardest classes of the most accurate result, {group.label}"
        figure = class_figure(group.results[0], class_samples, styles)
        yield f"classes_{group.file_name}", title, figure


def _curves(histories: Histories, styles: Styles) -> Iterator[Plot]:
    """Yield one plot with all learning curves, then a plot of each curve."""
    shown: dict[str, History] = {}
    for name in sorted(histories):
        if has_values(histories[name]):
            shown[name] = histories[name]
    if len(shown) > 1:
        title = "Learning curves of several runs"
        yield "learning_curves", title, learning_curves_figure(shown, styles)
    learners = curve_learners(shown)
    for name in list(shown)[:PLOTTED_GROUPS]:
        title = f"Learning curve of {name}"
        stem = f"learning_curve_{key_of(name)}"
        color, _ = styles[learners[name]]
        yield stem, title, learning_curve_figure(shown[name], color)
