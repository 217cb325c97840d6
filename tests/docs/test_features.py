"""The page about stored features: its commands run as they stand there."""

from pathlib import Path

import pytest

from fewbench_tests.commands import call_fewbench
from fewbench_tests.paths import REPOSITORY

PAGE = (REPOSITORY / "docs" / "features.md").read_text(encoding="utf-8")


def test_the_commands_run(
    tmp_path: Path, glyphs_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FEWBENCH_CACHE", str(tmp_path / "cache"))
    said = []
    for line in PAGE.splitlines():
        if not line.startswith("fewbench "):
            continue
        words = line.split()[1:]
        if words[0] == "evaluate":
            words += ["--episodes", "20"]
        said.append(call_fewbench(tmp_path, glyphs_root, *words).stdout)
    assert len(said) == 6
    results = [path.name for path in (tmp_path / "results").glob("*.json")]
    assert sorted(results) == [
        "glyphs-20w5s-20ep__centroid__seed0.json",
        "glyphs-5w1s-20ep__centroid-cosine__seed0.json",
        "glyphs-5w1s-20ep__centroid__seed0.json",
    ]
    assert "freed 0 bytes" in said[-1]
