"""Names that the shell offers when Tab is pressed. Neither torch nor pandas is imported."""

from collections.abc import Iterable
from pathlib import Path


def datasets(incomplete: str) -> list[str]:
    """Return the names of all datasets that begin with `incomplete`."""
    from ...datasets import BUILDERS
    from ...datasets.root import data_root
    from ...datasets.store.manifest import MANIFEST

    built = [path.parent.name for path in data_root(None).glob(f"*/{MANIFEST}")]
    return _beginning_with(incomplete, [*BUILDERS, *built])


def protocols(incomplete: str) -> list[str]:
    """Return the names of all protocols that begin with `incomplete`."""
    from ..protocols.listing import PROTOCOLS

    return _beginning_with(incomplete, PROTOCOLS)


def recipes(incomplete: str) -> list[str]:
    """Return the names of all recipes that begin with `incomplete`."""
    from importlib.resources import files

    # The folder is listed here, since the module that reads recipes imports torch.
    folder = files("fewbench.baselines").joinpath("recipes")
    names = [Path(file.name) for file in folder.iterdir()]
    known = [name.stem for name in names if name.suffix == ".toml"]
    return _beginning_with(incomplete, sorted(known))


def learners(incomplete: str) -> list[str]:
    """Return the learners that begin with `incomplete`: centroid, and training runs here.

    If there is none, the shell offers files.
    """
    runs = []
    for pattern in ("*/last.safetensors", "*/*/last.safetensors"):
        runs += [str(path.parent) for path in Path().glob(pattern)]
    return _beginning_with(incomplete, ["centroid", *sorted(runs)])


def _beginning_with(incomplete: str, names: Iterable[str]) -> list[str]:
    return [name for name in dict.fromkeys(names) if name.startswith(incomplete)]
