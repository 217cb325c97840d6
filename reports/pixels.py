"""Compare the pixels of a result with the pixels of a published number."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from .origin import Pixels
from .records import RunResult

if TYPE_CHECKING:
    from .published import PublishedNumber

# The filters that fewbench resizes with, by what they leave in the spectrum of a photo.
_SMOOTH = ("box", "bilinear", "hamming", "bicubic", "lanczos", "cv2-area")
_ALIASED = ("nearest", "cv2-linear", "cv2-cubic")
# What a change of the pixels alone cost ProtoNets that others had trained on one kind of
# pixels, in points; docs/data.md says how it was measured.
_BY_ALIASING = "4 to 7"
_BY_JPEG = "2 to 5"
_BY_EITHER = "2 to 7"


class _Made(NamedTuple):
    """How images were made, as far as it is known; "" for what is not.

    jpeg: how they were saved after they were resized; also "" if they were not saved
    """

    resampling: str
    spectrum: str
    jpeg: str

    def equals(self, other: "_Made") -> bool:
        """Whether nothing that is known of the two differs, and enough is known."""
        if self.jpeg != other.jpeg:
            return False
        if self.resampling and other.resampling:
            return self.resampling == other.resampling
        return bool(self.spectrum) and self.spectrum == other.spectrum


def pixels_text(pixels: Pixels | None) -> str:
    """Return what is known about pixels, such as "smooth, JPEG quality 95, 4:2:0".

    "" if nothing is known.
    """
    made = _made(pixels)
    said = [made.spectrum, made.resampling]
    if made.jpeg:
        said.append(f"JPEG {made.jpeg}")
    return ", ".join(filter(None, said))


def differences_in_pixels(
    result: RunResult, published: "PublishedNumber"
) -> Iterator[str]:
    """Yield how the pixels of a result may differ from those of a published number."""
    ours = pixels_text(result.pixels)
    if ours and not _same_pixels(result, published):
        theirs = published.pixels or "unstated"
        yield f"pixels: {ours}; the authors' {theirs}"


def pixel_remark(result: RunResult, published: "PublishedNumber") -> str:
    """Return in two sentences what a difference of the pixels alone may cost.

    "" if nothing is known about the pixels of the result, or if nothing that is known
    about them differs from the authors' pixels.
    """
    ours = pixels_text(result.pixels)
    if not ours or _same_pixels(result, published):
        return ""
    theirs = published.pixels or "not known"
    compared = f"The pixels here are {ours}; the authors' are {theirs}."
    cost = _cost(result.pixels, published)
    if not cost:
        return f"{compared} What this costs is not measured."
    if result.trained_on is None:
        return (
            f"{compared} Pixels other than those of the training, with nothing else "
            f"changed, cost two ProtoNets {cost} points, and a weaker one nothing."
        )
    return (
        f"{compared} Training and test used the same pixels, and what this costs is not "
        f"measured; weights that were tested on other pixels lost {cost} points."
    )


def _made(pixels: Pixels | None) -> _Made:
    """Return how the images of a result were made."""
    if pixels is None:
        return _Made("", "", "")
    resampling = pixels.resampling.removesuffix(", by the publisher")
    if resampling not in (*_SMOOTH, *_ALIASED):
        resampling = ""
    spectrum = pixels.spectrum or ""
    if _are_photos(pixels) and not spectrum:
        spectrum = _spectrum_of(resampling)
    if spectrum == "cannot tell":
        spectrum = ""
    return _Made(resampling, spectrum, pixels.jpeg or "")


def _spectrum_of(resampling: str) -> str:
    if not resampling:
        return ""
    return "smooth" if resampling in _SMOOTH else "aliased"


def _are_photos(pixels: Pixels) -> bool:
    """Whether images have colours. Grey ones are drawings in all datasets so far."""
    return pixels.channels == 3


def _same_pixels(result: RunResult, published: "PublishedNumber") -> bool:
    """Whether nothing that is known about the two pixels differs."""
    if result.image_changes:
        return False
    theirs = _Made(published.resampling, published.spectrum, published.jpeg)
    return _made(result.pixels).equals(theirs)


def _cost(pixels: Pixels | None, published: "PublishedNumber") -> str:
    """Return the points that such a difference of pixels costs, as words; "" if unknown."""
    if pixels is None or not _are_photos(pixels):
        return ""
    ours = _made(pixels).spectrum
    if not ours or not published.spectrum:
        return _BY_EITHER
    return _BY_JPEG if ours == published.spectrum else _BY_ALIASING
