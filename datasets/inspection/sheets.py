"""What contact sheets and filter sheets have in common: a white sheet, text, and a PNG."""

import io

from PIL import Image, ImageDraw, ImageFont

GAP = 2  # pixels between images
_FONT = ImageFont.load_default(10)


def white_sheet(width: int, height: int) -> Image.Image:
    """An empty RGB sheet."""
    return Image.new("RGB", (width, height), "white")


def write_text(
    sheet: Image.Image, left: int, top: int, text: str, colour: str = "black"
) -> None:
    """Write a line of text on a sheet."""
    draw = ImageDraw.Draw(sheet)
    draw.text((left, top), text, fill=colour, font=_FONT)


def text_width(text: str) -> int:
    """Pixels that a line of text needs."""
    length = _FONT.getlength(text)
    return int(length) + 1


def png_bytes(sheet: Image.Image) -> bytes:
    """A sheet as the bytes of a small PNG."""
    buffer = io.BytesIO()
    sheet.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
