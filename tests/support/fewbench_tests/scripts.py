"""Scripts of the repository, imported as modules."""

import importlib.util
import sys
from types import ModuleType

from fewbench_tests.paths import REPOSITORY


def load_script(path: str) -> ModuleType:
    """Import a script, given by its path in the repository."""
    place = REPOSITORY / path
    spec = importlib.util.spec_from_file_location(place.stem, place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
