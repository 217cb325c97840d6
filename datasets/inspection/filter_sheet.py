"""A sheet that shows pictures under every resampling filter, for eyes instead of numbers."""

import io
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

from ..images.resample import RESAMPLING, resize

_GAP = 2
_LINE = 13  # pixels of a line of text


def filter_sheet(
    originals: Sequence[tuple[str, Image.Image]],
    size: tuple[int, int] = (84, 84),
    zoom: int = 1,
) -> bytes:
    """PNG bytes: a labelled row for each picture, a column for each filter of RESAMPLING.

    originals: (label, picture); size: (height, width) to resize to; zoom: whole factor to show at
    """
    font = ImageFont.load_default(10)
    height, width = size[0] * zoom, size[1] * zoom
    column = max(width, *(int(font.getlength(name)) + 1 for name in RESAMPLING)) + _GAP
    row = _LINE + height + _GAP
    sheet = Image.new(
        "RGB", (column * len(RESAMPLING), _LINE + row * len(originals)), "white"
    )
    draw = ImageDraw.Draw(sheet)
    for i, name in enumerate(RESAMPLING):
        draw.text((i * column, 0), name, fill="black", font=font)
    for j, (label, original) in enumerate(originals):
        top = _LINE + j * row
        draw.text((0, top), label, fill="gray", font=font)
        picture = original.convert("RGB")
        for i, name in enumerate(RESAMPLING):
            small = Image.fromarray(resize(picture, size, name))
            shown = small.resize((width, height), Image.Resampling.NEAREST)
            sheet.paste(shown, (i * column, top + _LINE))
    buffer = io.BytesIO()
    sheet.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
