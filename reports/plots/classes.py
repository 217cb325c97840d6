"""Plot the accuracy of each class, with sample images of the hardest classes."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.offsetbox import AnnotationBbox, OffsetImage
from numpy.typing import NDArray

from ..records import RunResult
from ..stats.diagnostics import class_accuracy
from ..tables.run_names import shortened
from .rows import plot_interval, write_row
from .style import (
    INK,
    LONGEST,
    ROW,
    Styles,
    clean_rows,
    learner_styles,
    new_figure,
    write_title,
)

HARDEST = 8  # the number of classes that have their own rows
ONE_LINE = 28  # characters
OWN_LINE = 30
SAMPLES = 5  # the number of images in each of these rows
IMAGE_HEIGHT = 0.24  # inches
POINTS_PER_INCH = 72

Images = list[NDArray[np.uint8]]
# A function that finds sample images of classes. It takes a result and class names.
# It returns: class name -> images uint8 (H, W, C). Classes without images are left out.
# The package `reports` cannot read datasets, so its caller passes such a function.
ClassSamples = Callable[[RunResult, Sequence[str]], Mapping[str, Images]]


def no_samples(result: RunResult, names: Sequence[str]) -> dict[str, Images]:
    """Return no images. Use it as the `ClassSamples` if no images are available."""
    del result, names
    return {}


def plot_class_accuracy(
    result: RunResult,
    ax: Axes,
    class_samples: ClassSamples = no_samples,
    styles: Styles | None = None,
) -> Axes:
    """Plot the accuracy of each class in one result.

    The first row has a stroke for each class. The rows below it show the eight classes
    with the lowest accuracies, with their intervals and sample images.
    """
    every = class_accuracy(result)
    hardest_first = every.sort_values("accuracy", kind="stable")
    hardest = hardest_first.head(HARDEST)
    names = list(hardest["class"])
    images = class_samples(result, names)
    styles = styles or learner_styles([result])
    _plot_strokes(ax, every["accuracy"].to_numpy())
    for row, one in enumerate(hardest.to_dict("records"), start=1):
        name = str(one["class"])
        mean = 100 * one["accuracy"]
        limits = (100 * one["low"], mean, 100 * one["high"])
        plot_interval(ax, row, limits, styles[result.learner])
        n_queries = one["n"]
        label = f"{_in_lines(name)}\n{mean:.1f} % of {n_queries:,} queries"
        write_row(ax, row, label, "")
        own_images = images.get(name, [])
        _add_images(ax, row, own_images[:SAMPLES])
    clean_rows(ax, lowest=len(hardest) + 0.6, highest=-0.6)
    ax.margins(x=0.03)
    ax.set_xlabel(
        "accuracy (%) of a class\nbars: 95 % Wilson interval, given its images",
        loc="left",
    )
    return ax


def class_figure(
    result: RunResult,
    class_samples: ClassSamples,
    styles: Styles | None = None,
) -> Figure:
    """Make a figure of suitable size with `plot_class_accuracy`."""
    n_classes = len(np.unique(result.classes))
    rows = 1 + min(HARDEST, n_classes)
    figure = new_figure(1.6 * ROW * rows + 1.1)
    ax = plot_class_accuracy(result, figure.subplots(), class_samples, styles)
    write_title(ax, _title(result))
    return figure


def _in_lines(name: str) -> str:
    """Return the name of a class in one line, or a long one in two, broken at its last /.

    The part after the / tells the classes of a group apart, so it gets the room it needs.
    """
    group, slash, own = name.rpartition("/")
    if len(name) <= ONE_LINE or not slash:
        return shortened(name, ONE_LINE)
    return f"{shortened(group, ONE_LINE)}/\n{shortened(own, OWN_LINE)}"


def _title(result: RunResult) -> str:
    parts = [
        result.learner,
        result.backbone,
        f"seed {result.train_seed}",
    ]
    name = " ".join(filter(None, parts))
    protocol = shortened(result.protocol.name, 40)
    name = shortened(name, 40)
    one_line = f"{protocol}, {name}"
    if len(one_line) < LONGEST - 6:
        return one_line
    return f"{protocol},\n{name}"


def _plot_strokes(ax: Axes, accuracies: NDArray[np.float64]) -> None:
    """Plot the accuracies of all classes in row 0, each as a stroke."""
    n_classes = len(accuracies)
    ax.plot(
        100 * accuracies,
        np.zeros(n_classes),
        "|",
        color=INK,
        markersize=8,
        alpha=0.5,
    )
    write_row(ax, 0, f"all {n_classes:,} classes", "")


def _add_images(ax: Axes, row: int, images: Images) -> None:
    """Add a strip of images to the right of a row. It is IMAGE_HEIGHT inches high."""
    if not images:
        return
    height = images[0].shape[0]
    image = OffsetImage(
        _strip(images),
        zoom=POINTS_PER_INCH * IMAGE_HEIGHT / height,
        interpolation="nearest",
    )
    box = AnnotationBbox(
        image,
        (1.015, row - 0.15),
        xycoords=ax.get_yaxis_transform(),
        box_alignment=(0, 0.5),
        frameon=False,
        pad=0,
        annotation_clip=False,
    )
    ax.add_artist(box)


def _strip(images: Images) -> NDArray[np.uint8]:
    """Join the images side by side with white gaps. Return uint8 (H, W, 3)."""
    height, _, channels = images[0].shape
    gap_width = max(1, height // 14)
    gap = np.full((height, gap_width, channels), 255, np.uint8)
    parts = [images[0]]
    for image in images[1:]:
        parts += [gap, image]
    strip = np.concatenate(parts, axis=1)
    if channels == 1:
        return np.repeat(strip, 3, axis=2)
    return strip
