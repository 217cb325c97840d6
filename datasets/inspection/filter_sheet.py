"""Draw a sheet of images under every resampling filter, to compare filters by eye."""

from collections.abc import Sequence

from PIL import Image

from ..images.resample import RESAMPLING, resize
from .sheets import GAP, png_bytes, text_width, white_sheet, write_text

_LINE = 13  # pixels of a line of text


def filter_sheet(
    originals: Sequence[tuple[str, Image.Image]],
    size: tuple[int, int] = (84, 84),
    zoom: int = 1,
) -> bytes:
    """PNG bytes: a labelled row for each image, a column for each filter of RESAMPLING.

    originals: (label, image)
    size: (height, width) to resize to
    zoom: whole factor to show at
    """
    height, width = size
    row_height = _LINE + height * zoom + GAP
    column_width = _column_width(width * zoom)
    sheet = white_sheet(
        width=column_width * len(RESAMPLING),
        height=_LINE + row_height * len(originals),
    )
    for column, name in enumerate(RESAMPLING):
        left = column * column_width
        write_text(sheet, left, 0, name)
    top = _LINE
    for label, original in originals:
        write_text(sheet, 0, top, label, "gray")
        image = original.convert("RGB")
        for column, name in enumerate(RESAMPLING):
            left = column * column_width
            shown = _resized(image, size, name, zoom)
            sheet.paste(shown, (left, top + _LINE))
        top += row_height
    return png_bytes(sheet)


def _column_width(image_width: int) -> int:
    """Pixels of a column: room for the image and for the longest name of a filter."""
    widest = image_width
    for name in RESAMPLING:
        widest = max(widest, text_width(name))
    return widest + GAP


def _resized(
    image: Image.Image, size: tuple[int, int], name: str, zoom: int
) -> Image.Image:
    """An image resized by a filter, with each pixel shown as zoom x zoom."""
    pixels = resize(image, size, name)
    small = Image.fromarray(pixels)
    height, width = size
    shown_size = (width * zoom, height * zoom)
    return small.resize(shown_size, Image.Resampling.NEAREST)
