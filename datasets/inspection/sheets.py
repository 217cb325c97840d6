"""Make white sheets, write text on them, and encode them as PNGs."""

import io

from PIL import Image, ImageDraw, ImageFont

GAP = 2  # pixels between images
_FONT = ImageFont.load_default(10)


def white_sheet(width: int, height: int) -> Image.Image:
    """Return an empty white RGB image, with its size in pixels."""
    return Image.new("RGB", (width, height), "white")


def write_text(
    sheet: Image.Image, left: int, top: int, text: str, colour: str = "black"
) -> None:
    """Write a line of text on a sheet.

    left, top: the position of the text in pixels
    """
    draw = ImageDraw.Draw(sheet)
    draw.text((left, top), _spaced(text), fill=colour, font=_FONT)


def text_width(text: str) -> int:
    """Return the width of a line of text in pixels."""
    length = _FONT.getlength(_spaced(text))
    return int(length) + 1


def _spaced(text: str) -> str:
    """Return a text with each space doubled: a single one is hardly seen at this size."""
    return text.replace(" ", "  ")


def png_bytes(sheet: Image.Image) -> bytes:
    """Return a sheet as the bytes of a compressed PNG."""
    buffer = io.BytesIO()
    sheet.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
