import numpy as np
from matplotlib.figure import Figure
from matplotlib.offsetbox import AnnotationBbox, OffsetImage

from fewbench.reports.plots.classes import class_figure, no_samples, plot_class_accuracy
from fewbench.reports.stats.diagnostics import class_accuracy
from fewbench_tests.figures import black_images, texts


def test_the_hardest_classes_come_with_their_images(make_result):
    result = make_result(0.7, 3)

    ax = plot_class_accuracy(result, Figure().subplots(), black_images)

    hardest = (
        class_accuracy(result).sort_values("accuracy", kind="stable")["class"].head(8)
    )
    written = [text.split("\n")[0] for text in texts(ax) if text]
    assert written == ["all 12 classes", *hardest]
    assert len([a for a in ax.artists if isinstance(a, AnnotationBbox)]) == 8


def test_a_long_name_keeps_the_part_that_tells_the_class(make_result):
    names = np.array([f"Georgian/U+10C{c:X} capital-letter-hie-{c}" for c in range(12)])

    ax = plot_class_accuracy(
        make_result(0.7, 3, class_names=names), Figure().subplots()
    )

    for text in texts(ax)[2::2]:
        group, own, _ = text.split("\n")
        assert f"{group}{own}" in names


def test_classes_without_images_have_none(make_result):
    result = make_result(0.7, 3)

    figure = class_figure(result, no_samples)

    (ax,) = figure.axes
    assert len(ax.artists) == 0
    assert ax.get_title(loc="left") == "glyphs-5w1s, protonet conv4-64 seed 0"


def test_images_stand_side_by_side_with_white_gaps(make_result):
    def images(result, names):
        return {names[0]: [np.full((28, 28, 1), k, np.uint8) for k in (1, 2)]}

    ax = plot_class_accuracy(make_result(0.7, 3), Figure().subplots(), images)

    (box,) = [a for a in ax.artists if isinstance(a, AnnotationBbox)]
    assert isinstance(box.offsetbox, OffsetImage)
    strip = np.asarray(box.offsetbox.get_data())
    assert strip.shape == (28, 28 + 2 + 28, 3)
    assert (strip[:, :28] == 1).all()
    assert (strip[:, 28:30] == 255).all()
    assert (strip[:, 30:] == 2).all()
