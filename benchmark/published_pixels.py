"""The pixels behind published numbers, where the authors' code shows them."""

from typing import NamedTuple


class PublishedPixels(NamedTuple):
    """How the authors of a number made their images; "" for what is not known.

    words: all that is known
    resampling: the filter that resized the images, by its name in fewbench
    spectrum: "smooth" or "aliased", by this filter; "" for drawings
    jpeg: how the resized images were saved as JPEG; "" if they were not
    """

    words: str
    resampling: str = ""
    spectrum: str = ""
    jpeg: str = ""


# cbfinn/maml, data/miniImagenet/proc_images.py, lines 23 to 26: Pillow's LANCZOS to
# 84 x 84, saved over the JPEG file. Pillow's quality is 75 if none is given, and its
# sampling 4:2:0.
_FINN = PublishedPixels(
    "smooth, Lanczos, JPEG quality 75", "lanczos", "smooth", "quality 75, 4:2:0"
)
# cbfinn/maml, data/omniglot_resized/resize_images.py, and jakesnell/prototypical-networks,
# protonets/data/omniglot.py: Pillow resizes the one-bit images as they are, and takes
# NEAREST for these, whatever filter is asked for.
_ONE_BIT = PublishedPixels("nearest, because the images have one bit", "nearest")

PIXELS = {
    "maml-finn17-mini-5w1s": _FINN,
    "maml-finn17-mini-5w5s": _FINN,
    "fomaml-finn17-mini-5w1s": _FINN,
    "fomaml-finn17-mini-5w5s": _FINN,
    "maml-finn17-omni-5w1s": _ONE_BIT,
    "maml-finn17-omni-5w5s": _ONE_BIT,
    "maml-finn17-omni-20w1s": _ONE_BIT,
    "maml-finn17-omni-20w5s": _ONE_BIT,
    "maml-finn17-omni-mlp-5w1s": _ONE_BIT,
    "maml-finn17-omni-mlp-5w5s": _ONE_BIT,
    "protonet-snell17-omni-5w1s": _ONE_BIT,
    "protonet-snell17-omni-5w5s": _ONE_BIT,
    "protonet-snell17-omni-20w1s": _ONE_BIT,
    "protonet-snell17-omni-20w5s": _ONE_BIT,
}
UNKNOWN = PublishedPixels("")
