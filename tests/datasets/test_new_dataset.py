"""The example in CONTRIBUTING.md, section "Add a dataset", works as it stands."""

import importlib.util
import io
import re
import shlex
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PIL import Image

from fewbench.benchmark.protocols.listing import own_protocols
from fewbench.datasets import BUILDERS
from fewbench.datasets.build import build
from fewbench.datasets.info import DataError, ProtocolDefaults, Request, SplitCounts
from fewbench.datasets.inspection.identify import identify
from fewbench.datasets.root import open_split, verify
from fewbench_tests.paths import REPOSITORY

GUIDE = REPOSITORY / "CONTRIBUTING.md"


@pytest.fixture
def leaves(tmp_path: Path) -> Iterator[ModuleType]:
    """The example as a module of the package, as if it lay in datasets/leaves.py."""
    section = GUIDE.read_text(encoding="utf-8").partition("## Add a dataset")[2]
    code = re.search(r"```python\n(.*?)```", section, re.DOTALL)
    assert code
    assert len([line for line in code[1].splitlines() if line.strip()]) < 50
    path = tmp_path / "leaves.py"
    path.write_text(code[1])
    spec = importlib.util.spec_from_file_location("fewbench.datasets.leaves", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
        yield module
    finally:
        del sys.modules[spec.name]


def png(kind: int, i: int) -> bytes:
    image = np.full((20, 30, 3), (kind * 12, i * 5, 90), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG")
    return buffer.getvalue()


def write_zip(folder: Path, n_kinds: int) -> None:
    with zipfile.ZipFile(folder / "leaves.zip", "w") as archive:
        for kind in range(n_kinds):
            split = "train" if kind < 12 else "test"
            for i in range(50):
                archive.writestr(f"{split}/kind-{kind:02d}/{i:02d}.png", png(kind, i))


def test_the_example_builds_a_dataset(leaves: ModuleType, tmp_path: Path) -> None:
    write_zip(tmp_path, 20)
    built = build(leaves.INFO, tmp_path / "root", Request(tmp_path))
    assert built.manifest["splits"]["train"]["n_images"] == 600
    store = open_split(leaves.INFO, tmp_path / "root", "test")
    assert store.class_names[0] == "kind-12"
    assert store.image_names[:2] == ("test/kind-12/00.png", "test/kind-12/01.png")
    assert store[3][0, 0].tolist() == [144, 15, 90]
    assert verify(leaves.INFO, tmp_path / "root").keys() == {"train", "test"}


def test_the_example_refuses_what_is_incomplete(
    leaves: ModuleType, tmp_path: Path
) -> None:
    write_zip(tmp_path, 19)
    with pytest.raises(
        DataError,
        match="test: expected 8 classes and 400 images, found 7 classes and 350",
    ):
        build(leaves.INFO, tmp_path / "root", Request(tmp_path))
    partial = build(
        leaves.INFO, tmp_path / "root", Request(tmp_path, allow_missing=True)
    )
    assert partial.manifest["partial"]


def test_the_example_is_identified(
    leaves: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(BUILDERS, "leaves", leaves.INFO)
    write_zip(tmp_path, 20)
    (found,) = identify(tmp_path / "leaves.zip").values()
    assert (found.dataset, found.what) == ("leaves", "1000 images of leaves")
    command = shlex.split(found.advice)
    assert command[:4] == ["fewbench", "data", "build", "leaves"]
    # The command of the advice works as it stands.
    built = build(leaves.INFO, tmp_path / "root", Request(Path(command[5])))
    assert not built.manifest["partial"]


def test_the_example_has_the_protocols_that_fit(leaves: ModuleType) -> None:
    protocols = own_protocols([leaves.INFO])
    assert list(protocols) == ["leaves-5w1s", "leaves-5w5s"]
    larger = replace(leaves.INFO, splits={"test": SplitCounts(20, 20 * 16)})
    assert list(own_protocols([larger])) == ["leaves-5w1s", "leaves-20w1s"]
    assert own_protocols([replace(leaves.INFO, splits={})]) == {}
    assert own_protocols([replace(leaves.INFO, variant_of="glyphs")]) == {}


def test_the_example_chooses_its_protocols(leaves: ModuleType) -> None:
    wanted = ProtocolDefaults(
        shapes=((3, 2),), n_query=4, n_episodes=70, rotations=True
    )
    protocols = own_protocols([replace(leaves.INFO, protocols=wanted)])
    protocol = protocols["leaves-3w2s"]
    assert (protocol.n_query, protocol.n_episodes) == (4, 70)
    assert protocol.rotations
