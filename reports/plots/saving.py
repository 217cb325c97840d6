"""Figures as PNG, SVG and PDF files."""

import io
import warnings
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.patheffects import Normal
from matplotlib.text import Text

from fewbench.files import write_bytes

# Without a salt of its own, matplotlib gives the elements of an SVG random ids.
# Text as paths needs no font where the file is read, and saves the time to embed fonts.
_SETTINGS: dict[Any, str] = {
    "svg.hashsalt": "fewbench",
    "svg.fonttype": "path",
}


def save_figure(figure: Figure, path_stem: Path) -> list[Path]:
    """Write `<path_stem>.png`, `.svg` and `.pdf`. The same figure gives the same bytes."""
    stem = Path(path_stem)
    with warnings.catch_warnings():
        # A script that the font lacks is shown as boxes. The tables have the name in full.
        warnings.filterwarnings("ignore", r"Glyph \d+ .* missing from font")
        contents = _rendered(figure)
    paths = []
    for suffix, content in contents.items():
        path = stem.with_name(f"{stem.name}.{suffix}")
        paths.append(write_bytes(path, content))
    return paths


def _rendered(figure: Figure) -> dict[str, bytes]:
    """The figure as bytes by format."""
    # The layout is computed once. Otherwise each format would do it again.
    figure.draw_without_rendering()
    figure.set_layout_engine(None)
    png = _bytes(
        figure,
        "png",
        dpi=200,
        metadata={"Software": None},
        pil_kwargs={"compress_level": 4},
    )
    svg = _bytes(figure, "svg", metadata={"Date": None})
    # A path effect, even one that changes nothing, makes the PDF hold paths instead of fonts.
    for text in figure.findobj(Text):
        text.set_path_effects([Normal()])
    pdf = _bytes(figure, "pdf", metadata={"CreationDate": None})
    return {"png": png, "svg": svg, "pdf": pdf}


def _bytes(figure: Figure, file_format: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    with mpl.rc_context(_SETTINGS):
        figure.savefig(buffer, format=file_format, **options)
    return buffer.getvalue()
