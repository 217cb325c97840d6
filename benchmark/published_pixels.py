"""The pixels behind published numbers, where the authors' code shows them."""

from typing import NamedTuple


class PublishedPixels(NamedTuple):
    """How the authors of a number made their images.

    spectrum: "smooth" or "aliased", by the resizing filter
    words: the filter, and how the images were saved
    """

    spectrum: str
    words: str


# cbfinn/maml, data/miniImagenet/proc_images.py, lines 23 to 26: Pillow's LANCZOS to
# 84 x 84, saved over the JPEG file. Pillow's quality is 75 if none is given.
_FINN = PublishedPixels("smooth", "smooth, Lanczos, JPEG quality 75")

PIXELS = {
    "maml-finn17-mini-5w1s": _FINN,
    "maml-finn17-mini-5w5s": _FINN,
    "fomaml-finn17-mini-5w1s": _FINN,
    "fomaml-finn17-mini-5w5s": _FINN,
}
UNKNOWN = PublishedPixels("", "")
