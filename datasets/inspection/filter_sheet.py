"""Draw images that each resampling filter has resized, to compare filters by eye."""

from collections.abc import Sequence

from PIL import Image

from ..images.resample import RESAMPLING, resize
from .sheets import GAP, png_bytes, text_width, white_sheet, write_text

_LINE = 13  # the height of a line of text, in pixels


def filter_sheet(
    originals: Sequence[tuple[str, Image.Image]],
    size: tuple[int, int] = (84, 84),
    zoom: int = 1,
) -> bytes:
    """Draw a row for each image and a column for each filter. Return the PNG's bytes.

    originals: (text to show above the row, image) for each image
    size: (height, width) in pixels to which the filters resize
    zoom: whole number; each resized pixel is drawn as zoom x zoom pixels
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
    """Return the width of a column in pixels. Images and all filter names fit in it."""
    widest = image_width
    for name in RESAMPLING:
        widest = max(widest, text_width(name))
    return widest + GAP


def _resized(
    image: Image.Image, size: tuple[int, int], name: str, zoom: int
) -> Image.Image:
    """Resize an image with a filter, and enlarge each pixel to zoom x zoom pixels."""
    pixels = resize(image, size, name)
    small = Image.fromarray(pixels)
    height, width = size
    shown_size = (width * zoom, height * zoom)
    return small.resize(shown_size, Image.Resampling.NEAREST)
