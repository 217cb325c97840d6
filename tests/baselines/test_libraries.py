import sys
from types import ModuleType

import pytest
import torch

from fewbench.baselines.catalogue import make_learner
from fewbench.baselines.learner import BaselineError
from fewbench.baselines.libraries import LIBRARIES, higher, learn2learn
from fewbench.baselines.recipe_files import load_recipe

SHAPE = (28, 28, 1)


@pytest.mark.parametrize("library", [higher, learn2learn])
def test_a_library_that_is_there_is_imported(library) -> None:
    name = library.__name__
    pytest.importorskip(name, reason=f"{name} is not installed")
    found = library()
    assert isinstance(found, ModuleType)
    assert found.__name__ == name
    assert name in LIBRARIES


def test_a_backend_that_is_missing_is_explained(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "higher", None)  # as if it were not installed
    with pytest.raises(
        BaselineError, match="--backend higher: cannot import.*fewbench env"
    ):
        make_learner(
            load_recipe("maml-glyphs", ["backend=higher"]), SHAPE, torch.device("cpu")
        )
