"""Draw datasets/glyphs.npz from the fonts that matplotlib ships. A development script.

    python datasets/scripts/draw_glyphs.py datasets/glyphs.npz

Each class is one letter of one script. Each drawing shows it in one font face, bent a little.
The same library versions give the same bytes. Other versions may rasterise the fonts
differently, so the file itself is kept.
"""

import argparse
import io
import json
import platform
import unicodedata
import zipfile
from functools import cache
from importlib.metadata import version
from itertools import product
from pathlib import Path

import matplotlib
import numpy as np
from fontTools.pens.boundsPen import BoundsPen
from fontTools.ttLib import TTFont
from fontTools.unicodedata import script, script_name
from PIL import Image, ImageDraw, ImageFont, features
from scipy import ndimage

SEED = 20
SIDE = 28  # pixels, of a drawing
BODY = 20  # pixels, of the longer side of an undistorted letter
FINE = 8  # sub-pixels per pixel, along each axis
DRAWINGS = 20
GREYS = 15  # steps from black to white: 16 levels take half as many bytes as 256

# Split of each script, and the last character that is used. Related alphabets are in the same
# split, so that a test script is really new. A shape that several scripts have belongs to the
# script listed first. Beyond their limits, Latin and Cyrillic repeat letters with hooks and bars.
SCRIPTS = {
    "Latin": ("train", 0x2AF),
    "Greek": ("train", 0x3FF),
    "Hebrew": ("val", 0x5FF),
    "Nko": ("test", 0x7FF),
    "Tifinagh": ("test", 0x2D7F),
    "Arabic": ("val", 0x6FF),
    "Lao": ("test", 0xEFF),
    "Coptic": ("train", 0x3EF),
    "Ogham": ("val", 0x169F),
    "Cyrillic": ("train", 0x52F),
    "Armenian": ("train", 0x58F),
    "Georgian": ("test", 0x2D2F),
    "Canadian Aboriginal": ("train", 0x166C),
}
LETTERS = {"Lu", "Ll", "Lo", "Nd"}
TALL = 0.5  # em; superscripts and subscripts are smaller, and have the shape of another letter
PLAIN = "DejaVuSans.ttf"  # draws every letter in use
TOO_ALIKE = 0.88  # two letters with at least this correlation count as one
# Chosen by eye: these differ from a letter in use only by a serif, a hook or a dot.
TWINS = "ԏԗԞԟⴙkƇƈƊȜȝȢȣȥȿɀʛͲκνϺϻѧѱѰѴђћѵӌӍӎӺիհױ٤ຽⴁⴃⴌⴍⴎⴐⴘⴜⴣᐺᓂᔀᔁᔂᔃᔄᖒКкҚқҜҝҞҟҠҡ"
LENIENCE = 0.03  # a face may resemble another letter by this much more than its own

TURN = 0.24  # radians
SLANT = 0.24  # ratio
STRETCH = 0.19  # log ratio
SHIFT = 1.6  # pixels
WAVE = 1.25  # pixels, size of the elastic distortion
SMOOTH = 4  # pixels over which the elastic distortion changes little
WIDTHS = (1.4, 3.0)  # pixels, of strokes
WIDEN = 0.45  # pixels, the most that an outline may move


# -- which letters and which faces


@cache
def faces() -> dict[str, TTFont]:
    """The font faces in use, by file name, without LastResort: it draws any character."""
    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    paths = sorted([*folder.glob("DejaVuS*.ttf"), *folder.glob("STIXGeneral*.ttf")])
    return {path.name: TTFont(path) for path in paths}


@cache
def bounds(face: str, code: int) -> tuple[float, ...] | None:
    """Left, bottom, right and top of a character in em; None when the face lacks it."""
    font = faces()[face]
    name = font.getBestCmap().get(code, ".notdef")
    if name == ".notdef":
        return None
    pen = BoundsPen(font.getGlyphSet())
    font.getGlyphSet()[name].draw(pen)
    return pen.bounds and tuple(np.array(pen.bounds) / font["head"].unitsPerEm)


def faces_of(code: int) -> list[str]:
    """The faces that draw a character."""
    return [face for face in faces() if bounds(face, code)]


def is_letter(code: int) -> bool:
    """Whether a character is a letter or digit of full size, without accents."""
    char, box = chr(code), bounds(PLAIN, code)
    simple = unicodedata.normalize("NFKD", char) == char
    if char in TWINS or not (box and simple and unicodedata.category(char) in LETTERS):
        return False
    return max(box[2] - box[0], box[3] - box[1]) >= TALL


def candidates() -> list[int]:
    """The letters of all scripts, in the order of SCRIPTS: the first keeps a shared shape."""
    codes = sorted(faces()[PLAIN].getBestCmap())
    return [
        code
        for name, (_, last) in SCRIPTS.items()
        for code in codes
        if code <= last and script_name(script(chr(code))) == name and is_letter(code)
    ]


# -- how alike two letters are


def unit(images: np.ndarray) -> np.ndarray:
    """Halve the resolution and standardise: the product of two results is a correlation."""
    halves = images.reshape(len(images), SIDE // 2, 2, SIDE // 2, 2).mean((2, 4))
    flat = halves.reshape(len(images), -1)
    flat = flat - flat.mean(1, keepdims=True)
    return (flat / np.linalg.norm(flat, axis=1, keepdims=True)).astype(np.float32)


def likeness(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The highest correlations over small rotations, stretches and shifts of `left`.

    Returns float32 (len(left), len(right)).
    """
    centre, best = (
        np.full(2, SIDE / 2 - 0.5),
        np.zeros((len(left), len(right)), np.float32),
    )
    target = unit(right).T
    for turn, *knobs in product(
        (-TURN, 0, TURN), *[(0.8, 1, 1.25)] * 2, *[(-2, 0, 2)] * 2
    ):
        matrix = np.diag(knobs[:2]) @ rotation(turn)
        offset = centre - matrix @ (centre + knobs[2:])
        moved = [
            ndimage.affine_transform(image, matrix, offset, order=1) for image in left
        ]
        np.maximum(best, unit(np.stack(moved)) @ target, out=best)
    return best


def distinct(codes: list[int]) -> list[int]:
    """The letters that do not resemble an earlier letter of any script."""
    images = np.stack([clean(code, PLAIN) for code in codes])
    alike, kept = likeness(images, images), []
    alike = np.maximum(alike, alike.T)
    for k in range(len(codes)):
        if not (alike[k, kept] >= TOO_ALIKE).any():
            kept.append(k)
    return [codes[k] for k in kept]


def own_faces(codes: list[int]) -> dict[int, list[str]]:
    """The faces of each letter in which it does not look like another letter.

    An italic Cyrillic te, for example, looks like an m.
    """
    pairs = [(code, face) for code in codes for face in faces_of(code)]
    plain = np.stack([clean(code, PLAIN) for code in codes])
    alike = likeness(plain, np.stack([clean(*pair) for pair in pairs]))
    row, own = {code: k for k, code in enumerate(codes)}, {code: [] for code in codes}
    for k, (code, face) in enumerate(pairs):
        if alike[row[code], k] >= alike[:, k].max() - LENIENCE:
            own[code].append(face)
    return own


# -- drawing


def distances(code: int, face: str) -> np.ndarray:
    """Signed distance to the outline, positive inside: float (SIDE * FINE, SIDE * FINE) pixels."""
    left, bottom, right, top = bounds(face, code)
    size = BODY * FINE / max(right - left, top - bottom)
    path = faces()[face].reader.file.name
    font = ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.BASIC)
    canvas = Image.new("L", (SIDE * FINE, SIDE * FINE))
    origin = (
        SIDE * FINE / 2 - size * (left + right) / 2,
        SIDE * FINE / 2 + size * (bottom + top) / 2,
    )
    ImageDraw.Draw(canvas).text(origin, chr(code), fill=255, font=font, anchor="ls")
    ink = np.asarray(canvas) > 127
    inside, outside = (ndimage.distance_transform_edt(mask) for mask in (ink, ~ink))
    return (inside - outside) / FINE


def paint(distance: np.ndarray, width: float) -> np.ndarray:
    """A letter with strokes of about `width` pixels: float (SIDE, SIDE) 0 to 1."""
    # In a bar of width w the mean distance to the outline is w / 4. WIDEN limits the change:
    # bolder strokes would fill small openings, thinner ones would break hairlines.
    growth = (width - 4 * distance[distance > 0].mean()) / 2
    ink = np.clip(0.5 + (distance + np.clip(growth, -WIDEN, WIDEN)) * FINE, 0, 1)
    return ink.reshape(SIDE, FINE, SIDE, FINE).mean((1, 3))


@cache
def clean(code: int, face: str) -> np.ndarray:
    """An undistorted drawing, blurred a little so that similar strokes overlap."""
    return ndimage.gaussian_filter(paint(distances(code, face), np.mean(WIDTHS)), 0.8)


def rotation(turn: float) -> np.ndarray:
    """The matrix that rotates by an angle in radians."""
    return np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])


def bend(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A random distortion: matrix (2, 2), shift (2,) pixels, wave (2, fine, fine) pixels."""
    turn, slant = rng.uniform(-TURN, TURN), rng.uniform(-SLANT, SLANT)
    stretch = np.diag(np.exp(rng.uniform(-STRETCH, STRETCH, 2)))
    matrix = stretch @ np.array([[1, 0], [slant, 1]]) @ rotation(turn)
    noise = ndimage.gaussian_filter(
        rng.standard_normal((2, SIDE, SIDE)), (0, SMOOTH, SMOOTH)
    )
    wave = ndimage.zoom(noise * WAVE / noise.std(), (1, FINE, FINE), order=1)
    return matrix, rng.uniform(-SHIFT, SHIFT, 2), wave


def draw(code: int, face: str, rng: np.random.Generator) -> np.ndarray:
    """A distorted drawing, shrunk until its border is empty: uint8 (SIDE, SIDE) 0 to 255."""
    matrix, shift, wave = bend(rng)
    width, distance = rng.uniform(*WIDTHS), distances(code, face)
    centre = np.full((2, 1, 1), (SIDE * FINE - 1) / 2)
    grid = np.indices(distance.shape) - centre
    while True:
        source = (
            np.tensordot(matrix, grid - FINE * shift[:, None, None], 1)
            + FINE * wave
            + centre
        )
        bent = ndimage.map_coordinates(distance, source, order=1, mode="nearest")
        grey = np.rint(paint(bent, width) * GREYS).astype(np.uint8)
        if not (grey[[0, -1]].any() or grey[:, [0, -1]].any()):
            return grey * (255 // GREYS)
        matrix, shift = matrix * 1.05, shift * 0.9


def draw_class(code: int, names: list[str]) -> np.ndarray:
    """All drawings of a letter, each face equally often: uint8 (DRAWINGS, SIDE, SIDE)."""
    # A seed of its own, so that a class does not depend on which other classes there are.
    rng = np.random.default_rng([SEED, code])
    order = np.resize(rng.permutation(names), DRAWINGS)
    return np.stack([draw(code, face, rng) for face in order])


# -- the file


def class_name(code: int) -> str:
    """`Script/U+XXXX name-with-dashes`. The name does not repeat the script."""
    home, words = script_name(script(chr(code))), unicodedata.name(chr(code)).split()
    rest = [word for word in words if word.title() not in home.split()]
    return f"{home.replace(' ', '-')}/U+{code:04X} {'-'.join(rest).lower()}"


def drawn_with() -> str:
    """The versions of everything that the pixels depend on, as JSON."""
    packages = {
        name: version(name)
        for name in ("fonttools", "matplotlib", "numpy", "pillow", "scipy")
    }
    others = {
        "freetype": features.version("freetype2"),
        "python": platform.python_version(),
    }
    return json.dumps(packages | others, sort_keys=True)


def write(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Write an .npz whose bytes depend only on the arrays."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        for name, array in arrays.items():
            buffer = io.BytesIO()
            entry = zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_LZMA
            entry.create_system = 3
            np.lib.format.write_array(buffer, array, allow_pickle=False)
            archive.writestr(entry, buffer.getvalue())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("out", type=Path)
    out = parser.parse_args().out
    own = own_faces(distinct(candidates()))
    codes = sorted(own, key=class_name)
    splits = [SCRIPTS[script_name(script(chr(code)))][0] for code in codes]
    arrays = {
        "images": np.stack([draw_class(code, own[code]) for code in codes]),
        "class_names": np.array([class_name(code) for code in codes]),
        "splits": np.array(splits),
        "drawn_with": np.array(drawn_with()),
    }
    write(out, arrays)
    print(f"{out}: {len(codes)} classes, {out.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
