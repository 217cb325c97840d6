"""Draw a contact sheet: what a split looks like, to check it by eye."""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from ..view import ImageView
from .sheets import GAP, png_bytes, white_sheet, write_text

_LABEL_HEIGHT = 12


def contact_sheet(view: ImageView, n_classes: int = 24, n_images: int = 10) -> bytes:
    """PNG bytes: evenly spread classes, a labelled row each, in two columns of rows."""
    last_class = view.n_classes - 1
    spread = np.linspace(0, last_class, n_classes)
    chosen = np.unique(spread.astype(int))
    strips: list[Image.Image] = []
    for class_index in chosen.tolist():
        strip = _strip(view, class_index, n_images)
        strips.append(strip)
    return png_bytes(_in_two_columns(strips))


def _in_two_columns(strips: Sequence[Image.Image]) -> Image.Image:
    """A sheet of strips of one size, the first half of them on the left."""
    width, height = strips[0].size
    n_rows = (len(strips) + 1) // 2
    sheet_width = 2 * width + 3 * GAP
    sheet = white_sheet(sheet_width, n_rows * height)
    for position, strip in enumerate(strips):
        column, row = divmod(position, n_rows)
        left = GAP + column * (width + GAP)
        top = row * height
        sheet.paste(strip, (left, top))
    return sheet


def _strip(view: ImageView, class_index: int, n_images: int) -> Image.Image:
    """The first images of a class, side by side below its name."""
    height, width, n_channels = view.image_shape
    column_width = width + GAP
    strip = white_sheet(
        width=n_images * column_width,
        height=_LABEL_HEIGHT + height + GAP,
    )
    first = view.class_offsets[class_index]
    end_of_class = view.class_offsets[class_index + 1]
    end = min(end_of_class, first + n_images)
    shown = np.arange(first, end)
    left = 0
    for pixels in view.images(shown):
        if n_channels == 1:
            pixels = pixels[:, :, 0]
        image = Image.fromarray(pixels)
        strip.paste(image, (left, _LABEL_HEIGHT))
        left += column_width
    class_name = view.class_names[class_index]
    write_text(strip, 0, 0, class_name)
    return strip
