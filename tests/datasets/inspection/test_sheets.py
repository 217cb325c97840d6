"""What sheets are made of."""

import io

import numpy as np
from PIL import Image

from fewbench.datasets.inspection.sheets import (
    png_bytes,
    text_width,
    white_sheet,
    write_text,
)


def test_sheet_is_white_until_something_is_written() -> None:
    sheet = white_sheet(60, 20)
    assert (np.array(sheet) == 255).all()
    write_text(sheet, 0, 0, "class")
    dark = np.any(np.array(sheet) < 128, axis=2)
    assert dark.any()
    assert not dark[:, text_width("class") :].any()


def test_a_space_is_wide_enough_to_be_seen() -> None:
    """A column of the sheet between two words is at least 4 px of white."""
    sheet = white_sheet(60, 20)
    write_text(sheet, 0, 0, "l l")
    dark = np.any(np.array(sheet) < 128, axis=(0, 2)).nonzero()[0]
    assert np.diff(dark).max() > 4
    assert text_width("l l") >= dark.max()


def test_sheet_is_a_png_of_the_same_pixels() -> None:
    sheet = white_sheet(30, 20)
    write_text(sheet, 0, 0, "a", "gray")
    read = Image.open(io.BytesIO(png_bytes(sheet)))
    assert read.format == "PNG"
    np.testing.assert_array_equal(np.array(read), np.array(sheet))
