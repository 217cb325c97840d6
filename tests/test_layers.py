"""Who may import whom. The rooms stay apart, and heavy libraries stay in their room."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
ROOMS = {
    "datasets": {"datasets"},
    "reports": {"reports"},
    "baselines": {"baselines", "datasets"},
    "benchmark": {"benchmark", "baselines", "datasets", "reports"},
}
# Library -> where it may be imported, relative to the repository.
ONLY_IN = {
    "torch": ("baselines/",),
    "safetensors": ("baselines/",),
    "h5py": (
        "datasets/store/",
        "datasets/layouts/torchmeta.py",
        "datasets/layouts/hdf5_heap.py",
    ),
    "matplotlib": ("reports/plots/", "datasets/scripts/"),
    "learn2learn": ("baselines/",),
    "higher": ("baselines/",),
    "typer": ("benchmark/cli/",),
    "rich": ("benchmark/cli/",),
}
MODULES = sorted(
    path.relative_to(REPOSITORY).as_posix()
    for room in ROOMS
    for path in (REPOSITORY / room).rglob("*.py")
)


def imports(module: str) -> Iterator[tuple[str, bool]]:
    """(dotted name, whether it is relative to fewbench) of each import in a module."""
    for node in ast.walk(ast.parse((REPOSITORY / module).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, False) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module or "", False
        elif isinstance(node, ast.ImportFrom) and node.level == 2:
            names = (
                [node.module] if node.module else [alias.name for alias in node.names]
            )
            yield from ((name, True) for name in names)


@pytest.mark.parametrize("module", MODULES)
def test_a_room_imports_only_the_rooms_below_it(module: str) -> None:
    room = module.split("/")[0]
    for name, relative in imports(module):
        if "/scripts/" in module:  # outside of the package, like a user's
            name, relative = (
                name.removeprefix("fewbench."),
                name.startswith("fewbench."),
            )
        assert not name.startswith("fewbench"), f"{module}: import siblings relatively"
        if relative:
            assert name.split(".")[0] in ROOMS[room], f"{module} imports {name}"


@pytest.mark.parametrize("module", MODULES)
def test_heavy_libraries_stay_in_their_room(module: str) -> None:
    for name, relative in imports(module):
        allowed = ONLY_IN.get(name.split(".")[0])
        if allowed and not relative:
            assert module.startswith(allowed), f"{module} imports {name}"


def test_the_rooms_are_imported_inside_the_namespace_alone() -> None:
    import sys

    import fewbench.benchmark.protocols.catalogue  # noqa: F401

    for room in ROOMS:
        loaded = sys.modules.get(room)
        assert loaded is None or REPOSITORY not in Path(loaded.__file__ or "").parents
