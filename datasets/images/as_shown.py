"""Turn a decoded image into what a viewer shows: upright, and without transparency.

A user's own images are read like this. Published datasets were made without it.
"""

from PIL import Image
from PIL.Image import Transpose

from .origins import Origin

# The value of the EXIF tag "orientation" -> what makes the image upright.
_TURNS = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}


def as_shown(
    image: Image.Image, origin: Origin, orientation: int
) -> tuple[Image.Image, Origin]:
    """Return an image upright and on white, and its origin that says so.

    orientation: the value of the EXIF tag, 1 (upright) to 8
    """
    if image.has_transparency_data:
        image, origin = _on_white(image, origin)
    turn = _TURNS.get(orientation)
    if turn is not None:
        image = image.transpose(turn)
        origin = origin._replace(asks_to_be_turned=False, is_upright=True)
    return image, origin


def _on_white(image: Image.Image, origin: Origin) -> tuple[Image.Image, Origin]:
    with_alpha = image.convert("RGBA")
    least_opaque, _ = with_alpha.getchannel("A").getextrema()
    white = Image.new("RGBA", image.size, "white")
    opaque = Image.alpha_composite(white, with_alpha).convert("RGB")
    return opaque, origin._replace(on_white=least_opaque != 255)
