"""CONTRIBUTING followed literally, in a fresh clone: a dataset, a baseline and a plot."""

import re
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fewbench_tests.clones import Clone, make_clone
from fewbench_tests.paths import REPOSITORY

GUIDE = (REPOSITORY / "CONTRIBUTING.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    """The text of one section of the guide."""
    return GUIDE.split(f"## {title}\n")[1].split("\n## ")[0]


def code_of(title: str, which: int = 0) -> str:
    """One of the Python blocks of a section."""
    return re.findall(r"```python\n(.*?)```", section(title), re.DOTALL)[which]


def insert(path: Path, before: str, line: str) -> None:
    """Put a line before the first one that starts with some text."""
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    place = next(i for i, one in enumerate(lines) if one.startswith(before))
    lines.insert(place, f"{line}\n")
    path.write_text("".join(lines), encoding="utf-8")


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """A clone in which a newcomer has done what the guide says."""
    made = make_clone(tmp_path_factory.mktemp("newcomer"))
    add_dataset(made.folder)
    add_baseline(made.folder)
    add_plot(made.folder)
    made.install(editable=True)
    return made


def add_dataset(folder: Path) -> None:
    (folder / "datasets" / "leaves.py").write_text(code_of("Add a dataset"))
    shelf = folder / "datasets" / "__init__.py"
    insert(shelf, "from .info", "from . import leaves")
    insert(shelf, '    "glyphs"', '    "leaves": leaves.INFO,')
    with (folder / "benchmark" / "published.csv").open("a", encoding="utf-8") as file:
        file.write(
            "leaves-5w1s,centroid,Leaf means,pixels,yes,leaves,official,none,5,1,15,600,"
            "33.3,0.5,episodes,no,none,Leaf et al. 2026,https://example.org,no,\n"
        )


def add_baseline(folder: Path) -> None:
    room = folder / "baselines"
    (room / "metric" / "cosine.py").write_text(code_of("Add a baseline"))
    metric = "from .metric.cosine import Cosine"
    insert(room / "families.py", "from .metric.protonet import", metric)
    insert(room / "families.py", '    "protonet"', '    "cosine": Cosine,')
    recipe = (room / "recipes" / "protonet-glyphs.toml").read_text(encoding="utf-8")
    recipe = recipe.replace('learner = "protonet"', 'learner = "cosine"')
    recipe = re.sub(r"^temperature = .*$", "", recipe, flags=re.MULTILINE)
    (room / "recipes" / "cosine-glyphs.toml").write_text(
        f"{recipe}\ntemperature = 0.1\n"
    )


def add_plot(folder: Path) -> None:
    report = folder / "reports" / "report.py"
    (folder / "reports" / "plots" / "speed.py").write_text(code_of("Add a plot"))
    insert(report, "from .plots", "from .plots.speed import speed_figure")
    text = report.read_text(encoding="utf-8")
    start = text.index("def _figures(")
    end = text.find("\n\n\n", start) if "\n\n\n" in text[start:] else len(text)
    body = text[:end].rstrip("\n") + "\n" + code_of("Add a plot", 1)
    report.write_text(body + text[end:], encoding="utf-8")


def write_leaves(path: Path) -> None:
    """leaves.zip as the guide's dataset expects it."""
    rng = np.random.default_rng(0)
    with zipfile.ZipFile(path, "w") as archive:
        for kind in range(20):
            split = "train" if kind < 12 else "test"
            for i in range(50):
                buffer = BytesIO()
                pixels = rng.integers(0, 256, (84, 84, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(buffer, "PNG", compress_level=0)
                name = f"{split}/kind-{kind:02d}/{i:02d}.png"
                archive.writestr(name, buffer.getvalue())


def test_the_dataset_is_built_and_evaluated(clone: Clone) -> None:
    around = clone.folder.parent
    write_leaves(around / "leaves.zip")
    build = ("data", "build", "leaves", "--source", str(around))
    assert "12" in clone.fewbench(*build)
    assert "leaves" in clone.fewbench("data", "list")
    clone.fewbench("data", "verify", "leaves")
    identified = clone.fewbench("data", "identify", str(around / "leaves.zip"))
    assert "fewbench data build leaves" in identified
    assert "leaves-5w5s" in clone.fewbench("protocol", "list")

    evaluate = ("evaluate", "centroid", "--protocol", "leaves-5w1s", "--episodes", "50")
    clone.fewbench(*evaluate, "--out", "leaves-results")
    names = [path.name for path in (around / "leaves-results").glob("*.json")]
    assert names == ["leaves-5w1s-50ep__centroid__seed0.json"]


def test_a_published_number_stands_beside_the_result(clone: Clone) -> None:
    around = clone.folder.parent
    clone.fewbench("report", "leaves-results", "--out", "leaves-report")
    page = (around / "leaves-report" / "index.html").read_text(encoding="utf-8")
    assert "Leaf et al. 2026" in page
    assert "split official" not in page
    pictures = {path.name for path in (around / "leaves-report").glob("*.png")}
    assert "published.png" in pictures


def test_the_baseline_is_trained_and_evaluated(clone: Clone) -> None:
    assert "cosine-glyphs" in clone.fewbench("recipes")
    short = ("--set", "steps=4", "--set", "way=5", "--set", "validate_every=2")
    small = ("--set", "val_episodes=5", "--set", "width=8")
    recipe = ("train", "--recipe", "cosine-glyphs")
    clone.fewbench(*recipe, *short, *small, "--out", "run")

    evaluate = ("evaluate", "run", "--protocol", "glyphs-5w1s", "--episodes", "50")
    assert "cosine" in clone.fewbench(*evaluate, "--out", "results")


def test_the_plot_is_in_the_report(clone: Clone) -> None:
    around = clone.folder.parent
    evaluate = ("evaluate", "centroid", "--protocol", "glyphs-5w1s", "--episodes", "60")
    clone.fewbench(*evaluate, "--out", "plotted")

    clone.fewbench("report", "plotted", "--out", "report")

    assert (around / "report" / "speed.png").read_bytes().startswith(b"\x89PNG")
    assert ">Seconds<" in (around / "report" / "index.html").read_text(encoding="utf-8")
