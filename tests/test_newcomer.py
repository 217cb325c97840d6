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
            "33.3,0.5,episodes,no,none,pixels,Leaf et al. 2026,https://example.org,,\n"
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


def commands(leaves: Path) -> list[tuple[str, ...]]:
    """What a newcomer types to see the dataset, the baseline and the plot at work."""
    few = ("--episodes", "50", "--out")
    short = ("--set", "steps=4", "--set", "way=5", "--set", "validate_every=2")
    small = ("--set", "val_episodes=5", "--set", "width=8", "--out", "run")
    return [
        ("data", "build", "leaves", "--source", str(leaves.parent)),
        ("data", "list"),
        ("data", "verify", "leaves"),
        ("data", "identify", str(leaves)),
        ("protocol", "list"),
        ("evaluate", "centroid", "--protocol", "leaves-5w1s", *few, "leaves-results"),
        ("report", "leaves-results", "--out", "report"),
        ("recipes",),
        ("train", "--recipe", "cosine-glyphs", *short, *small),
        ("evaluate", "run", "--protocol", "glyphs-5w1s", *few, "results"),
    ]


@pytest.fixture(scope="module")
def said(clone: Clone) -> dict[str, str]:
    """What each command printed, by its first two words."""
    leaves = clone.folder.parent / "leaves.zip"
    write_leaves(leaves)
    typed = commands(leaves)
    names = [" ".join(words[:2]) for words in typed]
    return dict(zip(names, clone.each_of(typed), strict=True))


def test_the_dataset_is_built_and_evaluated(clone: Clone, said: dict[str, str]) -> None:
    assert "12" in said["data build"]
    assert "leaves" in said["data list"]
    assert "fewbench data build leaves" in said["data identify"]
    assert "leaves-5w5s" in said["protocol list"]

    results = clone.folder.parent / "leaves-results"
    names = [path.name for path in results.glob("*.json")]
    assert names == ["leaves-5w1s-50ep__centroid__seed0.json"]


@pytest.fixture
def report(clone: Clone, said: dict[str, str]) -> Path:
    return clone.folder.parent / "report"


def test_a_published_number_stands_beside_the_result(report: Path) -> None:
    page = (report / "index.html").read_text(encoding="utf-8")
    assert "Leaf et al. 2026" in page
    assert "split official" not in page
    pictures = {path.name for path in report.glob("*.png")}
    assert "published.png" in pictures


def test_the_baseline_is_trained_and_evaluated(said: dict[str, str]) -> None:
    assert "cosine-glyphs" in said["recipes"]
    assert "cosine" in said["evaluate run"]


def test_the_plot_is_in_the_report(report: Path) -> None:
    assert (report / "speed.png").read_bytes().startswith(b"\x89PNG")
    assert ">Seconds<" in (report / "index.html").read_text(encoding="utf-8")
