"""Plots of results. Each `plot_*` draws into the axes it is given and returns them; each
`*_figure` is one of them at its proper size, and `save_figure` writes it as PNG, SVG and PDF."""

from .accuracy import (
    accuracy_figure,
    histogram_figure,
    plot_accuracy,
    plot_episode_histogram,
)
from .classes import ClassSamples, class_figure, no_samples, plot_class_accuracy
from .curves import (
    along_figure,
    has_values,
    learning_curve_figure,
    learning_curves_figure,
    plot_along,
    plot_learning_curve,
    plot_learning_curves,
)
from .pairs import (
    differences_figure,
    plot_differences,
    plot_published,
    published_figure,
)
from .style import Figure, learner_styles, save_figure

__all__ = [
    "ClassSamples",
    "Figure",
    "accuracy_figure",
    "along_figure",
    "class_figure",
    "differences_figure",
    "has_values",
    "histogram_figure",
    "learner_styles",
    "learning_curve_figure",
    "learning_curves_figure",
    "no_samples",
    "plot_accuracy",
    "plot_along",
    "plot_class_accuracy",
    "plot_differences",
    "plot_episode_histogram",
    "plot_learning_curve",
    "plot_learning_curves",
    "plot_published",
    "published_figure",
    "save_figure",
]
