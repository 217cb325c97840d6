"""The plan of the house: who imports whom, what an `__init__` may do, where tests are found."""

import ast
import sys
import tomllib
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from fewbench_tests.paths import REPOSITORY

ROOMS = {
    "datasets": {"datasets"},
    "reports": {"reports"},
    "baselines": {"baselines", "datasets"},
    "benchmark": {"benchmark", "baselines", "datasets", "reports"},
}
# The floor that every room stands on. It lies in benchmark/front, which is `fewbench` itself.
FLOOR = {
    "documents",
    "errors",
    "files",
    "folders",
    "locks",
    "npz",
    "plain_words",
    "space",
    "progress",
    "signals",
}
FACE = {"", "api", "tables", "__main__"}
# Library -> where it may be imported.
ONLY_IN = {
    "torch": ("baselines/",),
    "safetensors": ("baselines/",),
    "h5py": ("datasets/store/", "datasets/layouts/torchmeta.py"),
    "matplotlib": ("reports/plots/", "datasets/scripts/"),
    "learn2learn": ("baselines/libraries.py",),
    "higher": ("baselines/libraries.py",),
    "ray": ("benchmark/cluster/on_ray.py",),
    "typer": ("benchmark/cli/",),
    "rich": ("benchmark/cli/",),
}


@dataclass(frozen=True)
class Import:
    """One name that a module imports.

    target: dotted name of a module, and of something in it
    deferred: whether it is imported inside a function
    """

    target: str
    deferred: bool


def module_name(path: Path) -> str:
    """The dotted name by which a file of the repository is imported."""
    parts = path.relative_to(REPOSITORY).with_suffix("").parts
    if parts[:2] == ("benchmark", "front"):
        parts = parts[2:]
    if parts and parts[-1] == "__init__":
        parts = parts[:-1]
    return ".".join(("fewbench", *parts))


def source_files() -> list[Path]:
    """Every module of the four rooms, without the scripts beside them."""
    found = [path for room in ROOMS for path in (REPOSITORY / room).rglob("*.py")]
    return sorted(path for path in found if "scripts" not in path.parts)


MODULES = {module_name(path): path for path in source_files()}


@cache
def imports(path: Path) -> tuple[Import, ...]:
    """What a module imports when it runs; imports for type checkers are left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for_checkers: set[ast.AST] = set()
    deferred: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            for_checkers.update(ast.walk(node))
        elif isinstance(node, ast.FunctionDef):
            deferred.update(ast.walk(node))
    found = []
    for node in ast.walk(tree):
        if node in for_checkers:
            continue
        for target in targets(node, path):
            found.append(Import(target, node in deferred))
    return tuple(found)


def targets(node: ast.AST, path: Path) -> list[str]:
    """The full dotted names that an import statement names."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if not isinstance(node, ast.ImportFrom):
        return []
    base = node.module or ""
    if node.level:
        package = module_name(path).split(".")
        if path.name != "__init__.py":
            package = package[:-1]
        kept = package[: len(package) - node.level + 1]
        base = ".".join([*kept, node.module or ""]).rstrip(".")
    return [f"{base}.{alias.name}" for alias in node.names]


def module_of(target: str) -> str:
    """The module of fewbench in which an imported name lies."""
    while target not in MODULES:
        target = target.rpartition(".")[0]
    return target


def own_imports(path: Path) -> list[Import]:
    """The imports of a module that name a module of fewbench."""
    return [
        Import(module_of(one.target), one.deferred)
        for one in imports(path)
        if one.target.split(".")[0] == "fewbench"
    ]


def room_of(name: str) -> str:
    """The room of a module: one of ROOMS, or "floor" or "face"."""
    first = name.removeprefix("fewbench").lstrip(".").split(".")[0]
    if first in ROOMS:
        return first
    if first in FLOOR:
        return "floor"
    assert first in FACE, f"{name} is neither floor nor face"
    return "face"


def test_a_room_imports_only_the_rooms_below_it() -> None:
    for name, path in MODULES.items():
        room = room_of(name)
        allowed = ROOMS.get(room, set()) | {"floor"}
        if room == "face":
            allowed = {*ROOMS, "floor", "face"}
        for one in own_imports(path):
            assert room_of(one.target) in allowed, f"{name} imports {one.target}"


def test_heavy_libraries_stay_in_their_room() -> None:
    for room in ROOMS:
        for path in (REPOSITORY / room).rglob("*.py"):
            place = path.relative_to(REPOSITORY).as_posix()
            for one in imports(path):
                allowed = ONLY_IN.get(one.target.split(".")[0])
                assert allowed is None or place.startswith(allowed), (
                    f"{place} imports {one.target}"
                )


def test_no_module_imports_itself_through_others() -> None:
    graph = {}
    for name, path in MODULES.items():
        graph[name] = {one.target for one in own_imports(path)} - {name}
    # `fewbench` imports its parts, and every import of a part runs `fewbench` first.
    graph["fewbench"] = set()

    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        raise AssertionError(f"an import circle: {error.args[1]}") from None


def test_private_names_stay_in_their_module() -> None:
    for name, path in MODULES.items():
        for one in imports(path):
            last = one.target.split(".")[-1]
            if one.target.startswith("fewbench") and not last.startswith("__"):
                assert not last.startswith("_"), f"{name} imports {one.target}"


def test_an_init_holds_no_logic() -> None:
    """Only a docstring, imports, and tables of what the room has."""
    allowed = (ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign)
    for name, path in MODULES.items():
        if path.name != "__init__.py" or name == "fewbench":
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert ast.get_docstring(tree), f"{name} says nothing of itself"
        for node in tree.body[1:]:
            assert isinstance(node, allowed), f"{name}, line {node.lineno}"


def test_every_module_has_its_test() -> None:
    missing = []
    for path in MODULES.values():
        place = path.relative_to(REPOSITORY)
        test = REPOSITORY / "tests" / place.parent / f"test_{place.name}"
        if not path.stem.startswith("__") and not test.exists():
            missing.append(test.relative_to(REPOSITORY).as_posix())

    assert missing == []


def test_every_package_is_installed() -> None:
    text = (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")
    listed = tomllib.loads(text)["tool"]["setuptools"]["packages"]
    packages = [
        module_name(path) for path in MODULES.values() if path.name == "__init__.py"
    ]

    assert sorted(listed) == sorted(packages)


def test_the_rooms_are_imported_inside_the_namespace_alone() -> None:
    import fewbench.benchmark.protocols.catalogue  # noqa: F401

    for room in ROOMS:
        loaded = sys.modules.get(room)
        assert loaded is None or REPOSITORY not in Path(loaded.__file__ or "").parents
