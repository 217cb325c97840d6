"""Omniglot as a colleague may have it: `identify` names a command, and the command works."""

import zipfile
from pathlib import Path

from fewbench_tests.advice import build_as_advised


def test_omniglot_as_a_zip_of_a_zip_with_backslashes(
    tmp_path: Path, shared_data: Path
) -> None:
    inner = tmp_path / "images_evaluation.zip"
    official = zipfile.ZipFile(shared_data / "omniglot" / inner.name)
    with official, zipfile.ZipFile(inner, "w") as windows:
        for one in official.infolist():
            entry = zipfile.ZipInfo("x")
            entry.filename = one.filename.replace("/", "\\")
            windows.writestr(entry, official.read(one))
    with zipfile.ZipFile(tmp_path / "from Ann.zip", "w") as outer:
        outer.write(inner, f"omniglot/python/{inner.name}")
    inner.unlink()
    manifest = build_as_advised(tmp_path, "from Ann.zip")
    assert manifest["partial"]
    assert manifest["checks"][0] == "images_background is missing"
    assert "pixels of all 13180 images are the official" in manifest["checks"][1]
    assert manifest["splits"]["test"]["n_classes"] == 423
