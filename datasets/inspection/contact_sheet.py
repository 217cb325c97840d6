"""A contact sheet: what a split looks like, for eyes instead of hashes."""

import io

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ..view import ImageView

_GAP = 2
_LABEL_HEIGHT = 12


def contact_sheet(view: ImageView, n_classes: int = 24, n_images: int = 10) -> bytes:
    """PNG bytes: evenly spread classes, a labelled row each, in two columns of rows."""
    chosen = np.unique(np.linspace(0, view.n_classes - 1, n_classes).astype(int))
    strips = [_strip(view, int(c), n_images) for c in chosen]
    n_rows = -(-len(strips) // 2)
    width, height = strips[0].size
    sheet = Image.new("RGB", (2 * width + 3 * _GAP, n_rows * height), "white")
    for position, strip in enumerate(strips):
        column, row = divmod(position, n_rows)
        sheet.paste(strip, (_GAP + column * (width + _GAP), row * height))
    buffer = io.BytesIO()
    sheet.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _strip(view: ImageView, class_index: int, n_images: int) -> Image.Image:
    first, end = view.class_offsets[class_index : class_index + 2]
    images = view.images(np.arange(first, min(end, first + n_images)))
    height, width, channels = view.image_shape
    strip = Image.new(
        "RGB", (n_images * (width + _GAP), _LABEL_HEIGHT + height + _GAP), "white"
    )
    for i, pixels in enumerate(images):
        picture = Image.fromarray(pixels[:, :, 0] if channels == 1 else pixels)
        strip.paste(picture, (i * (width + _GAP), _LABEL_HEIGHT))
    label = view.class_names[class_index]
    ImageDraw.Draw(strip).text(
        (0, 0), label, fill="black", font=ImageFont.load_default(10)
    )
    return strip
