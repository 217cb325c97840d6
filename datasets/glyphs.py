"""glyphs: letters from many scripts, the dataset that comes with fewbench.

It has 464 letters from 13 scripts, and 20 drawings of each letter. The drawings use
different font faces, and each drawing is bent a little. No script is in two splits.
datasets/scripts/draw_glyphs.py drew the letters once. The drawings are stored in the
file glyphs.npz, because font rasterisers change.
"""

from functools import cache, partial
from pathlib import Path

import numpy as np

from .info import (
    ClassImages,
    DatasetInfo,
    Listing,
    ProtocolDefaults,
    Request,
    SplitCounts,
)

_FILE = Path(__file__).with_name("glyphs.npz")
_DRAWINGS = tuple(f"{i:02d}" for i in range(20))
_EMBEDDED = "embedded in fewbench"


def list_classes(_request: Request) -> Listing:
    """Return the letters in the data file glyphs.npz. The request is not used."""
    arrays = _arrays()
    splits = arrays["splits"].tolist()
    class_names = arrays["class_names"].tolist()
    classes = []
    for c, class_name in enumerate(class_names):
        images = ClassImages(
            split=splits[c],
            name=class_name,
            image_names=_DRAWINGS,
            read=partial(_read_class, c),
        )
        classes.append(images)
    return Listing(
        tuple(classes),
        checks=(_EMBEDDED,),
        layout=_EMBEDDED,
    )


@cache
def _arrays() -> dict[str, np.ndarray]:
    with np.load(_FILE, allow_pickle=False) as file:
        return {name: file[name] for name in ("images", "class_names", "splits")}


def _read_class(c: int) -> np.ndarray:
    """Return the drawings of letter c: uint8 (20, 28, 28, 1) ink 255 on 0"""
    images = _arrays()["images"]
    return images[c, :, :, :, None]


INFO = DatasetInfo(
    name="glyphs",
    title="Letters of 13 scripts, 28 px",
    image_shape=(28, 28, 1),
    splits={
        "train": SplitCounts(291, 5820),
        "val": SplitCounts(56, 1120),
        "test": SplitCounts(117, 2340),
    },
    split_scheme="glyphs-by-script",
    resampling="drawn",
    polarity="ink 255 on 0",
    licence="MIT for the drawings. No font is included; the fonts keep their own licences: DejaVu "
    "(Bitstream Vera and Arev terms, its own changes in the public domain), STIX (SIL "
    "OFL 1.1, which does not extend to documents made with the font).",
    citation="fewbench glyphs, drawn by datasets/scripts/draw_glyphs.py from the DejaVu and STIX "
    "fonts that matplotlib ships.",
    list_classes=list_classes,
    # A rotated glyph can be another character of its script.
    protocols=ProtocolDefaults(rotations=False),
    reference_sha256={
        "train": "159557e9cfc268d098a2adcf6e19aea88ed3e42c727dcf3818576fceb4d58df5",
        "val": "0c79ddcb8fdf366b2c4f07b5cbb92381c043f9d76074b7934de6712c4df41971",
        "test": "52295d094583d8148d81bce2506aeae87387dbc3f91712d8ad687483f1852cc9",
    },
)
