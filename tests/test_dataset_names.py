"""A dataset is named in its own files alone, so that a new one needs no other change."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from fewbench.datasets import BUILDERS
from fewbench_tests.density import modules_of
from fewbench_tests.paths import REPOSITORY

NAMES = sorted({info.base for info in BUILDERS.values()})
NAMED = re.compile("|".join(NAMES))
ROOMS = ("datasets", "baselines", "reports", "benchmark")
# Besides the files whose own names start with a dataset's name. Each has its reason.
MAY_NAME = {
    "datasets/__init__.py": "the catalogue",
    "datasets/layouts/ilsvrc_identity.py": "two datasets share the images",
    "datasets/inspection/resampling.py": "compares images that have the names of one split",
    "benchmark/protocols/papers.py": "the settings of papers",
    "benchmark/quickstart.py": "runs on the dataset inside fewbench",
    "benchmark/cli/examples.py": "commands that a user can type as they stand",
    "benchmark/cli/options.py": "an example in a help text",
}


def own_file(path: Path) -> bool:
    return path.name.startswith(tuple(NAMES))


def docstrings(tree: ast.AST) -> set[ast.Constant]:
    """The texts that stand alone as statements."""
    alone: set[ast.Constant] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            alone.add(node.value)
    return alone


def named_in(source: str) -> Iterator[str]:
    """The texts and imported modules of a source that have the name of a dataset."""
    tree = ast.parse(source)
    words = docstrings(tree)
    for node in ast.walk(tree):
        texts: list[str] = []
        if isinstance(node, ast.Constant) and node not in words:
            texts.append(str(node.value))
        if isinstance(node, ast.ImportFrom):
            texts.append(node.module or "")
            texts += [alias.name for alias in node.names]
        yield from filter(NAMED.search, texts)


def test_a_name_is_found_in_texts_and_imports_but_not_in_words() -> None:
    source = '"""About glyphs."""\nfrom ..omniglot import INFO\nx = f"on glyphs-{1}"\n'
    assert sorted(named_in(source)) == ["omniglot", "on glyphs-"]


def test_other_files_name_no_dataset() -> None:
    naming: dict[str, list[str]] = {}
    for room in ROOMS:
        for path in modules_of(REPOSITORY / room):
            place = path.relative_to(REPOSITORY).as_posix()
            found = list(named_in(path.read_text(encoding="utf-8")))
            if found and not own_file(path):
                naming[place] = found
    assert naming.keys() == MAY_NAME.keys(), naming
