from pathlib import Path

import pytest

from fewbench.datasets.store.advice import build_again

COMMAND = "Build it again: fewbench data build omniglot --rebuild"


@pytest.mark.parametrize(
    "path", ["root/omniglot/test.h5", "/data/omniglot.partial/manifest.json"]
)
def test_the_command_names_the_dataset(path: str) -> None:
    assert build_again(Path(path)) == COMMAND


def test_a_relative_path_is_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "omniglot"
    folder.mkdir()
    monkeypatch.chdir(folder)
    assert build_again(Path("test.h5")) == COMMAND
