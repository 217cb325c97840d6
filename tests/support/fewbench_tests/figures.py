"""What the tests of plots share: inputs to plot, and questions about a figure."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text

from .made_results import build_result

LONG = "a-learner-with-a-name-that-is-much-longer-than-any-plot-has-room-for-"
HISTORY = [
    {"step": 100, "seconds": 6.0, "loss": 1.5, "val_accuracy": None},
    {"step": 200, "seconds": 12.0, "loss": float("inf"), "val_accuracy": 0.5},
    {"step": 300, "seconds": 18.0, "loss": 0.5, "val_accuracy": 0.75},
]


def two_shots(learner="protonet"):
    """Results of one run on Omniglot 5-way 1-shot and 5-shot."""
    return [
        build_result(0.6 + 0.05 * shot, shot, name=f"omniglot-5w{shot}s", n_shot=shot,
                     dataset="omniglot", learner=learner)
        for shot in (1, 5)
    ]  # fmt: skip


def black_images(result, names):
    """Five images of every class."""
    return {name: [np.zeros((28, 28, 1), np.uint8)] * 5 for name in names}


def texts(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.texts]


def xs(line: Line2D) -> list[float]:
    """Where the points of a line stand on the x-axis."""
    return np.asarray(line.get_xdata()).tolist()


def points(line: Line2D) -> list[list[float]]:
    """The points of a line: [x, y] each."""
    return np.asarray(line.get_xydata()).tolist()


def overlaps(figure: Figure) -> list[tuple[str, str]]:
    """Pairs of texts of a figure that cover each other, and texts that leave the figure."""
    figure.draw_without_rendering()
    boxes = [
        (text.get_text(), text.get_window_extent())
        for ax in figure.axes
        for text in [*ax.texts, *_visible_ticks(ax), ax.xaxis.label]
        if text.get_text()
    ]
    boxes += [
        (text.get_text(), text.get_window_extent())
        for legend in figure.legends
        for text in legend.get_texts()
    ]
    width, height = figure.bbox.size
    pairs = [
        (a, b)
        for index, (a, box) in enumerate(boxes)
        for b, other in boxes[:index]
        if box.shrunk(0.98, 0.98).overlaps(other.shrunk(0.98, 0.98))
    ]
    outside = [
        (name, "the edge")
        for name, box in boxes
        if box.x0 < -1 or box.y0 < -1 or box.x1 > width + 1 or box.y1 > height + 1
    ]
    return pairs + outside


def _visible_ticks(ax: Axes) -> list[Text]:
    """The labels of ticks within the axes: there are others, which are not shown."""
    low, high = ax.get_xlim()
    labels = ax.get_xticklabels()
    return [t for t in labels if t.get_visible() and low <= t.get_position()[0] <= high]
