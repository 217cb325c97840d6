"""Draw a contact sheet: some images of a split on one page, to check them by eye."""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from ..view import ImageView
from .sheets import GAP, png_bytes, white_sheet, write_text

_LABEL_HEIGHT = 12


def contact_sheet(view: ImageView, n_classes: int = 24, n_images: int = 10) -> bytes:
    """Draw images of some classes of a view. Return the bytes of a PNG.

    Each class has a row with its name and images. The rows are in two columns.
    n_classes: show at most this many classes, evenly spread over all classes
    n_images: show at most this many images of each class
    """
    last_class = view.n_classes - 1
    spread = np.linspace(0, last_class, n_classes)
    chosen = np.unique(spread.astype(int))
    strips: list[Image.Image] = []
    for class_index in chosen.tolist():
        strip = _strip(view, class_index, n_images)
        strips.append(strip)
    return png_bytes(_in_two_columns(strips))


def _in_two_columns(strips: Sequence[Image.Image]) -> Image.Image:
    """Return a sheet with the strips in two columns. All strips have the same size."""
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
    """Draw the first images of a class side by side, below the name of the class."""
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
