"""Write figures as PNG, SVG and PDF files."""

import io
import warnings
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure
from PIL import Image

from fewbench.files import write_bytes

KINDS = ("png", "svg", "pdf")  # the endings of the files of a figure

# Without a fixed salt, matplotlib gives random ids to the elements of an SVG. With text as
# paths, the reader of an SVG needs no font. A PDF embeds TrueType fonts (Type 42), since
# many journals refuse fonts of Type 3.
_SETTINGS: dict[Any, Any] = {
    "svg.hashsalt": "fewbench",
    "svg.fonttype": "path",
    "pdf.fonttype": 42,
}


def save_figure(figure: Figure, path_stem: Path) -> list[Path]:
    """Write `<path_stem>.png`, `.svg` and `.pdf`. Return the three paths in this order.

    The files contain no date and no random id, so equal figures give equal files.
    """
    stem = Path(path_stem)
    with warnings.catch_warnings():
        # Characters that the font lacks are shown as boxes. Tables show the full names.
        warnings.filterwarnings("ignore", r"Glyph \d+ .* missing from font")
        contents = _rendered(figure)
    paths = []
    for suffix, content in contents.items():
        path = stem.with_name(f"{stem.name}.{suffix}")
        paths.append(write_bytes(path, content))
    return paths


def _rendered(figure: Figure) -> dict[str, bytes]:
    """Return the figure as bytes in each format: "png", "svg" and "pdf"."""
    # Compute the layout once and then fix it, instead of once for each format.
    figure.draw_without_rendering()
    figure.set_layout_engine(None)
    png = _bytes(
        figure,
        "png",
        dpi=200,
        metadata={"Software": None},
        pil_kwargs={"compress_level": 1},
    )
    png = _with_palette(png)
    svg = _bytes(figure, "svg", metadata={"Date": None})
    pdf = _bytes(figure, "pdf", metadata={"CreationDate": None})
    return {"png": png, "svg": svg, "pdf": pdf}


def _with_palette(png: bytes) -> bytes:
    """Return a picture with at most 256 colours, which is a third as large.

    Figures have few colours. What is lost are shades at the edges of letters.
    """
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    few = picture.quantize(
        256,
        method=Image.Quantize.MEDIANCUT,
        dither=Image.Dither.NONE,
    )
    buffer = io.BytesIO()
    few.save(buffer, "png", compress_level=6)
    return buffer.getvalue()


def _bytes(figure: Figure, file_format: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    with mpl.rc_context(_SETTINGS):
        figure.savefig(buffer, format=file_format, **options)
    return buffer.getvalue()
