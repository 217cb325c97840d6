"""Compare the pixels of a result with the pixels of a published number."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from .origin import Pixels
from .records import RunResult

if TYPE_CHECKING:
    from .published import PublishedNumber

# What a change of the pixels alone cost ProtoNets that others had trained on one kind of
# pixels, in points; docs/data.md says how it was measured.
_BY_ALIASING = "4 to 7"
_BY_JPEG = "2 to 5"
_BY_EITHER = "2 to 7"


def pixels_text(pixels: Pixels | None) -> str:
    """Return what is recorded about pixels, such as "smooth, JPEG quality 95, 4:2:0".

    "" if nothing is recorded.
    """
    if pixels is None:
        return ""
    said = []
    if pixels.spectrum in ("smooth", "aliased"):
        said.append(pixels.spectrum)
    if pixels.jpeg:
        said.append(f"JPEG {pixels.jpeg}")
    return ", ".join(said)


def differences_in_pixels(
    result: RunResult, published: "PublishedNumber"
) -> Iterator[str]:
    """Yield how the pixels of a result may differ from those of a published number."""
    ours = pixels_text(result.pixels)
    if ours:
        theirs = published.pixels or "unstated"
        yield f"pixels: {ours}; the authors' {theirs}"


def pixel_remark(result: RunResult, published: "PublishedNumber") -> str:
    """Return in two sentences what a difference of the pixels alone may cost.

    "" if nothing is recorded about the pixels of the result.
    """
    ours = pixels_text(result.pixels)
    if not ours:
        return ""
    theirs = published.pixels or "not known"
    compared = f"The pixels here are {ours}; the authors' are {theirs}."
    cost = _cost(result.pixels, published)
    if result.trained_on is None:
        return (
            f"{compared} Pixels other than those of the training, with nothing else "
            f"changed, cost two ProtoNets {cost} points."
        )
    return (
        f"{compared} Training and test used the same pixels, and what this costs is not "
        f"measured; weights that were tested on other pixels lost {cost} points."
    )


def _cost(pixels: Pixels | None, published: "PublishedNumber") -> str:
    """Return the points that such a difference of pixels cost, as words."""
    ours = "" if pixels is None else pixels.spectrum
    theirs = published.spectrum
    if ours not in ("smooth", "aliased") or not theirs:
        return _BY_EITHER
    return _BY_JPEG if ours == theirs else _BY_ALIASING
