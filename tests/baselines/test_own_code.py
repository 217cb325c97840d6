import hashlib
import importlib
import sys
from pathlib import Path

import pytest

from fewbench.baselines.learner import BaselineError
from fewbench.baselines.own_code import (
    OwnKey,
    changed_sources,
    imported,
    is_own,
    look_in_working_folder,
    source_hashes,
)
from fewbench.baselines.recipe_files import load_recipe


@pytest.fixture
def own_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A module in the working folder, which is not on the path."""
    file = tmp_path / "code_of_this_test.py"
    file.write_text("def make(shape, width):\n    raise AssertionError\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "code_of_this_test", raising=False)
    return file


def test_a_colon_names_code_of_the_user() -> None:
    assert is_own("my_nets:small")
    assert not is_own("conv4")


@pytest.mark.usefixtures("own_file")
def test_the_working_folder_is_searched_only_for_a_name_that_the_user_typed() -> None:
    name = "code_of_this_test:make"
    with pytest.raises(BaselineError, match="If you trust that file.*PYTHONPATH"):
        imported(name)
    load_recipe("protonet-glyphs", [f"backbone={name}"])
    assert callable(imported(name))
    assert imported("code_of_this_test:other") is None


def test_each_file_has_its_hash(own_file: Path) -> None:
    look_in_working_folder()
    recipe = {"learner": "protonet", "backbone": "code_of_this_test:make"}
    sha256 = hashlib.sha256(own_file.read_bytes()).hexdigest()
    assert source_hashes(recipe) == {"backbone": sha256}
    assert source_hashes({**recipe, "backbone": "conv4"}) == {}


def test_the_hash_is_that_of_the_code_that_was_imported(own_file: Path) -> None:
    look_in_working_folder()
    name = "code_of_this_test:make"
    recipe = {"learner": "protonet", "backbone": name}
    sha256 = hashlib.sha256(own_file.read_bytes()).hexdigest()
    imported(name)
    own_file.write_text("def make(shape, width):\n    return None\n")
    assert source_hashes(recipe) == {"backbone": sha256}
    importlib.reload(sys.modules["code_of_this_test"])
    newer = hashlib.sha256(own_file.read_bytes()).hexdigest()
    assert source_hashes(recipe) == {"backbone": newer}


def test_code_that_changes_while_it_is_imported_has_no_hash(own_file: Path) -> None:
    look_in_working_folder()
    edit = "from pathlib import Path\nPath(__file__).write_text('make = None')\n"
    own_file.write_text(f"{edit}def make(): pass\n")
    recipe = {"learner": "protonet", "backbone": "code_of_this_test:make"}
    with pytest.raises(
        BaselineError, match=r"changed while it was imported.* Type the"
    ):
        source_hashes(recipe)


def test_changed_code_is_named_by_its_key() -> None:
    saved: dict[OwnKey, str] = {"learner": "a", "backbone": "b"}
    assert changed_sources(saved, {"learner": "a", "backbone": "b"}) == []
    assert changed_sources(saved, {"learner": "a", "backbone": "c"}) == ["backbone"]
    assert changed_sources(saved, {"learner": "a"}) == ["backbone"]
    assert (
        changed_sources({}, {"learner": "a"}) == []
    )  # a checkpoint of an earlier version
