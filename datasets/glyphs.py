"""glyphs: letters of many scripts, the embedded default that needs no download.

464 letters of 13 scripts, 20 drawings each, in different font faces and bent a little; no script is
in two splits. Drawn once by scripts/draw_glyphs.py and shipped as a file: font rasterisers change.
"""

from functools import cache, partial
from pathlib import Path

import numpy as np

from .info import ClassImages, DatasetInfo, Listing, Request, SplitCounts

_FILE = Path(__file__).with_name("glyphs.npz")
_DRAWINGS = tuple(f"{i:02d}" for i in range(20))


def list_classes(_request: Request) -> Listing:
    """The letters in the data file; no source is used."""
    arrays = _arrays()
    names = zip(arrays["splits"].tolist(), arrays["class_names"].tolist(), strict=True)
    return Listing(
        tuple(
            ClassImages(split, name, _DRAWINGS, partial(_read_class, c))
            for c, (split, name) in enumerate(names)
        ),
        ("embedded in fewbench",),
        "embedded in fewbench",
    )


@cache
def _arrays() -> dict[str, np.ndarray]:
    with np.load(_FILE, allow_pickle=False) as file:
        return {name: file[name] for name in ("images", "class_names", "splits")}


def _read_class(c: int) -> np.ndarray:
    """uint8 (20, 28, 28, 1) ink 255 on 0"""
    return _arrays()["images"][c, :, :, :, None]


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
    "(Bitstream Vera and Arev terms, its own changes in the public domain), STIX (SIL OFL 1.1, "
    "which does not extend to documents made with the font).",
    citation="fewbench glyphs, drawn by datasets/scripts/draw_glyphs.py from the DejaVu and STIX "
    "fonts that matplotlib ships.",
    list_classes=list_classes,
    reference_sha256={
        "train": "159557e9cfc268d098a2adcf6e19aea88ed3e42c727dcf3818576fceb4d58df5",
        "val": "0c79ddcb8fdf366b2c4f07b5cbb92381c043f9d76074b7934de6712c4df41971",
        "test": "52295d094583d8148d81bce2506aeae87387dbc3f91712d8ad687483f1852cc9",
    },
)
