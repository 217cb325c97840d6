from pathlib import Path

import pytest

from fewbench.benchmark.quickstart import refuse_used_folder
from fewbench.datasets.info import DataError


def test_only_a_new_or_empty_folder_is_used(tmp_path: Path) -> None:
    refuse_used_folder(tmp_path / "new")
    refuse_used_folder(tmp_path)
    (tmp_path / "file").touch()
    for used in (tmp_path, tmp_path / "file"):
        with pytest.raises(DataError, match=f"{used}: .*--out"):
            refuse_used_folder(used)
