"""How densely code is written: what stands on one line, and how long modules and functions are.

    python tests/support/fewbench_tests/density.py datasets baselines reports benchmark

A code line is one that is neither blank, comment nor docstring. A node is an expression or a
statement of Python's syntax tree. Both are counted over all modules of a folder, without its tests
and scripts.
"""

import ast
import io
import statistics
import sys
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LEFT_OUT = {"test", "tests", "scripts", "build"}
_WITHOUT_CODE = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_WITH_DOCSTRING = (ast.Module, ast.ClassDef, *_FUNCTIONS)


@dataclass(frozen=True)
class Density:
    """Counts over some modules.

    products: texts or lists that are multiplied by something, as in `"s" * (n > 1)`
    module_lines, function_lines: how long each is, from its first line to its last
    """

    code_lines: int
    nodes: int
    comprehensions: int
    products: int
    module_lines: list[int]
    function_lines: list[int]

    @property
    def nodes_a_line(self) -> float:
        return self.nodes / max(self.code_lines, 1)

    @property
    def comprehensions_per_1000_lines(self) -> float:
        return 1000 * self.comprehensions / max(self.code_lines, 1)

    def __str__(self) -> str:
        functions = sorted(self.function_lines) or [0]
        ninth_tenth = functions[int(0.9 * (len(functions) - 1))]
        return (
            f"{len(self.module_lines):4} modules {self.code_lines:6} code lines  "
            f"{self.nodes_a_line:5.2f} nodes a line  "
            f"{self.comprehensions_per_1000_lines:5.1f} comprehensions per 1,000  "
            f"{self.products:3} products  modules: median "
            f"{statistics.median(self.module_lines):.0f}, max {max(self.module_lines)}  "
            f"functions: median {statistics.median(functions):.0f}, "
            f"p90 {ninth_tenth}, max {functions[-1]}"
        )


def modules_of(folder: Path) -> list[Path]:
    """Every module below a folder, except tests and scripts, sorted."""
    found = sorted(folder.rglob("*.py"))
    return [path for path in found if not LEFT_OUT & set(path.parts)]


def measure(paths: list[Path]) -> Density:
    """The density of these modules, taken together."""
    code_lines = nodes = comprehensions = products = 0
    module_lines: list[int] = []
    function_lines: list[int] = []
    for path in paths:
        text = path.read_text(encoding="utf-8")
        tree = ast.parse(text)
        module_lines.append(len(text.splitlines()))
        code_lines += len(_code_lines(text, tree))
        for node in ast.walk(tree):
            nodes += isinstance(node, ast.expr | ast.stmt)
            comprehensions += isinstance(node, _COMPREHENSIONS)
            products += _is_product(node)
            if isinstance(node, _FUNCTIONS):
                function_lines.append((node.end_lineno or 0) - node.lineno + 1)
    return Density(
        code_lines, nodes, comprehensions, products, module_lines, function_lines
    )


def _code_lines(text: str, tree: ast.Module) -> set[int]:
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in _WITHOUT_CODE:
            lines.update(range(token.start[0], token.end[0] + 1))
    return lines - set(_docstring_lines(tree))


def _docstring_lines(tree: ast.Module) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, _WITH_DOCSTRING) and ast.get_docstring(node) is not None:
            first = node.body[0]
            yield from range(first.lineno, (first.end_lineno or 0) + 1)


def _is_product(node: ast.AST) -> bool:
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Mult):
        return False
    for side in (node.left, node.right):
        if isinstance(side, ast.List | ast.Tuple | ast.JoinedStr):
            return True
        if isinstance(side, ast.Constant) and isinstance(side.value, str):
            return True
    return False


if __name__ == "__main__":
    for name in sys.argv[1:]:
        print(f"{name:24} {measure(modules_of(Path(name)))}")  # noqa: T201
