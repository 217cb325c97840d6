"""A reader learns whose pixels a number was measured on, and what that may cost."""

from dataclasses import replace

import pytest

from fewbench.benchmark.published_numbers import published_numbers
from fewbench.reports.origin import ImagePreparation, Pixels, TrainedOn
from fewbench.reports.pixels import differences_in_pixels, pixel_remark, pixels_text
from fewbench.reports.published import PublishedNumber, pairs_beside

SAVED = "quality 95, 4:2:0, before that about quality 75"
SMALL = "none: the source has the final size already"
SMOOTH = Pixels(84, 84, 3, SMALL, spectrum="smooth", jpeg=SAVED)
ALIASED = replace(SMOOTH, spectrum="aliased", jpeg=None)
AS_FINN = replace(SMOOTH, jpeg="quality 75, 4:2:0")
RESIZED = Pixels(84, 84, 3, "box")
DRAWN = Pixels(28, 28, 1, "lanczos")
TOLD = f"smooth, JPEG {SAVED}"


def number(name: str) -> PublishedNumber:
    (found,) = [one for one in published_numbers() if one.id == name]
    return found


FINN = number("maml-finn17-mini-5w1s")
SNELL = number("protonet-snell17-mini-5w1s")
OMNIGLOT = number("protonet-snell17-omni-5w1s")


def test_pixels_are_said_as_far_as_they_are_known() -> None:
    assert pixels_text(SMOOTH) == TOLD
    assert pixels_text(ALIASED) == "aliased"
    undecided = replace(SMOOTH, spectrum="cannot tell")
    assert pixels_text(undecided) == f"JPEG {SAVED}"
    pickled = replace(ALIASED, resampling="cv2-linear, by the publisher")
    assert pixels_text(pickled) == "aliased, cv2-linear"
    assert pixels_text(RESIZED) == "smooth, box"
    assert pixels_text(replace(RESIZED, resampling="cv2-cubic")) == "aliased, cv2-cubic"
    assert pixels_text(DRAWN) == "lanczos"
    assert pixels_text(replace(DRAWN, resampling="drawn")) == ""
    assert pixels_text(None) == ""


def test_both_pixels_are_named_where_the_authors_are_known(make_result) -> None:
    result = make_result(pixels=SMOOTH)
    (known,) = differences_in_pixels(result, FINN)
    assert known == f"pixels: {TOLD}; the authors' smooth, Lanczos, JPEG quality 75"
    (unknown,) = differences_in_pixels(result, SNELL)
    assert unknown == f"pixels: {TOLD}; the authors' unstated"
    assert not list(differences_in_pixels(make_result(), FINN))


def test_tables_get_the_difference(make_result) -> None:
    ours = {"dataset": SNELL.dataset, "n_way": 5, "n_shot": 1, "pixels": SMOOTH}
    (pair,) = pairs_beside([make_result(**ours)], [SNELL])
    assert f"pixels: {TOLD}; the authors' unstated" in pair.differs_in


@pytest.mark.parametrize(
    ("pixels", "published", "cost"),
    [
        (SMOOTH, FINN, "2 to 5 points"),
        (ALIASED, FINN, "4 to 7 points"),
        (SMOOTH, SNELL, "2 to 7 points"),
        (replace(SMOOTH, spectrum="cannot tell"), FINN, "2 to 7 points"),
        (RESIZED, FINN, "2 to 5 points"),
        (replace(RESIZED, resampling="nearest"), FINN, "4 to 7 points"),
        (RESIZED, SNELL, "2 to 7 points"),
        (DRAWN, OMNIGLOT, "What this costs is not measured"),
    ],
)
def test_the_cost_is_that_of_the_difference(
    make_result, pixels: Pixels, published: PublishedNumber, cost: str
) -> None:
    remark = pixel_remark(make_result(pixels=pixels), published)
    assert cost in remark
    assert pixels_text(pixels) in remark
    assert (published.pixels or "not known") in remark


@pytest.mark.parametrize(
    ("pixels", "published"),
    [
        (AS_FINN, FINN),
        (replace(AS_FINN, resampling="lanczos"), FINN),
        (replace(DRAWN, resampling="nearest"), OMNIGLOT),
    ],
)
def test_equal_pixels_are_no_difference_and_cost_nothing(
    make_result, pixels: Pixels, published: PublishedNumber
) -> None:
    result = make_result(pixels=pixels)
    assert not list(differences_in_pixels(result, published))
    assert pixel_remark(result, published) == ""

    changed = make_result(pixels=pixels, preparation=ImagePreparation(invert=True))
    others = [
        make_result(pixels=replace(pixels, resampling="box")),
        make_result(pixels=replace(pixels, jpeg="quality 95, 4:2:0")),
        changed,
    ]
    for other in others:
        (difference,) = differences_in_pixels(other, published)
        assert difference.startswith("pixels: ")
        assert pixel_remark(other, published)


def test_weights_that_were_trained_on_these_pixels_get_no_cost_of_their_own(
    make_result,
) -> None:
    trained = TrainedOn("plants", ("train",))
    remark = pixel_remark(make_result(pixels=SMOOTH, trained_on=trained), FINN)
    assert "is not measured" in remark
    assert pixel_remark(make_result(trained_on=trained), FINN) == ""
