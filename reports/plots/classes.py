"""The accuracy of each class, with images of the hardest."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.offsetbox import AnnotationBbox, OffsetImage
from numpy.typing import NDArray

from ..records import RunResult
from ..stats.diagnostics import class_accuracy
from .style import INK, LINE, STYLES, WIDTH, clean, draw_interval, shortened, write_row

HARDEST = 8
SAMPLES = 5
IMAGE_HEIGHT = 0.34  # inches

# (a result, names of its classes) -> images uint8 (H, W, C) of those that are at hand. Reports know
# no images: whoever asks for a report brings them.
ClassSamples = Callable[
    [RunResult, Sequence[str]], Mapping[str, list[NDArray[np.uint8]]]
]


def no_samples(
    result: RunResult, names: Sequence[str]
) -> dict[str, list[NDArray[np.uint8]]]:
    """For results whose images are not at hand."""
    del result, names
    return {}


def plot_class_accuracy(
    result: RunResult, ax: Axes, class_samples: ClassSamples = no_samples
) -> Axes:
    """The spread of the classes (a stroke each), and below it the hardest with their intervals
    and samples of their images."""
    every = class_accuracy(result)
    hardest = every.sort_values("accuracy", kind="stable").head(HARDEST)
    ax.plot(
        100 * every["accuracy"],
        np.zeros(len(every)),
        "|",
        color=INK,
        markersize=12,
        alpha=0.5,
    )
    write_row(ax, 0, f"all {len(every):,} classes", "")
    images = class_samples(result, list(hardest["class"]))
    for line, row in enumerate(hardest.to_dict("records"), start=1):
        values = (100 * row["low"], 100 * row["accuracy"], 100 * row["high"])
        draw_interval(ax, line, values, STYLES[1])
        share = f"{values[1]:.1f} % of {row['n']:,} queries"
        write_row(ax, line, f"{shortened(str(row['class']), 30)}\n{share}", "")
        _draw_images(ax, line, images.get(row["class"], [])[:SAMPLES])
    clean(ax, lowest=len(hardest) + 0.6, highest=-0.6)
    ax.margins(x=0.03)
    ax.set_xlabel(
        "accuracy (%) of a class; bars: 95 % Wilson interval, given its images"
    )
    return ax


def class_figure(result: RunResult, class_samples: ClassSamples) -> Figure:
    """`plot_class_accuracy` at its proper size."""
    lines = 1 + min(HARDEST, len(np.unique(result.classes)))
    figure = Figure((WIDTH, 1.6 * LINE * lines + 0.9), layout="constrained")
    ax = plot_class_accuracy(result, figure.subplots(), class_samples)
    names = (result.learner, result.backbone, f"seed {result.train_seed}")
    title = f"{shortened(result.protocol.name, 40)}, {shortened(' '.join(filter(None, names)), 40)}"
    ax.set_title(
        title, loc="left", fontsize=9, fontweight="bold", color=INK, parse_math=False
    )
    return figure


def _draw_images(ax: Axes, line: int, images: Sequence[NDArray[np.uint8]]) -> None:
    """A strip to the right of the axes, of one height whatever the images have."""
    if not images:
        return
    height = images[0].shape[0]
    gap = np.full((height, max(1, height // 14), images[0].shape[2]), 255, np.uint8)
    strip = np.concatenate(
        [part for image in images for part in (image, gap)][:-1], axis=1
    )
    strip = np.repeat(strip, 3, axis=2) if strip.shape[2] == 1 else strip
    picture = OffsetImage(
        strip, zoom=72 * IMAGE_HEIGHT / height, interpolation="nearest"
    )
    ax.add_artist(
        AnnotationBbox(
            picture,
            (1.015, line),
            xycoords=ax.get_yaxis_transform(),
            box_alignment=(0, 0.5),
            frameon=False,
            pad=0,
            annotation_clip=False,
        )
    )
