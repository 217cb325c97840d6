"""Plots of results.

Each function `plot_*` plots into the matplotlib axes that are passed to it, and returns
them. Each function `*_figure` makes a new figure of a suitable size with one such plot.
`save_figure` writes a figure as PNG, SVG and PDF.
"""

from .accuracy import accuracy_figure, plot_accuracy
from .along import along_figure, plot_along
from .beside_published import plot_published, published_figure
from .classes import ClassSamples, class_figure, no_samples, plot_class_accuracy
from .curves import (
    has_values,
    learning_curve_figure,
    learning_curves_figure,
    plot_learning_curve,
    plot_learning_curves,
)
from .differences import differences_figure, plot_differences
from .episodes import histogram_figure, plot_episode_histogram
from .nights import Trend, nights_figure, plot_evidence, plot_nights
from .saving import Figure, save_figure
from .style import learner_styles

__all__ = [
    "ClassSamples",
    "Figure",
    "Trend",
    "accuracy_figure",
    "along_figure",
    "class_figure",
    "differences_figure",
    "has_values",
    "histogram_figure",
    "learner_styles",
    "learning_curve_figure",
    "learning_curves_figure",
    "nights_figure",
    "no_samples",
    "plot_accuracy",
    "plot_along",
    "plot_class_accuracy",
    "plot_differences",
    "plot_episode_histogram",
    "plot_evidence",
    "plot_learning_curve",
    "plot_learning_curves",
    "plot_nights",
    "plot_published",
    "published_figure",
    "save_figure",
]
