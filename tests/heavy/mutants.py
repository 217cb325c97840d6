"""Change the code in small ways, one at a time, and see whether the tests notice.

    python tests/heavy/mutants.py --out mutants.json
    python tests/heavy/mutants.py --out after.json --before mutants.json

A mutant is one changed operator, condition or number, drawn with a fixed seed. Each one runs
against the tests of its own area, until the first failure. With `--before`, the exit code is 1
if a mutant that was killed then survives now.
"""

import argparse
import ast
import copy
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
ROOMS = ("datasets", "baselines", "reports", "benchmark")
# What is mutated, and the tests that should notice.
AREAS = {
    "pickles": (["datasets/pickles"], ["tests/datasets/pickles"]),
    "episodes": (
        ["datasets/episodes.py", "datasets/disjoint.py", "datasets/view.py"],
        [
            "tests/datasets/test_episodes.py",
            "tests/datasets/test_disjoint.py",
            "tests/datasets/test_random_draws.py",
            "tests/datasets/test_view.py",
        ],
    ),
    "statistics": (["reports/stats"], ["tests/reports/stats"]),
    "metric": (["baselines/metric"], ["tests/baselines/metric"]),
}
SECONDS = 900

OPERATORS = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.And: ast.Or,
    ast.Or: ast.And,
}


def places(node: ast.AST) -> Iterator[ast.AST]:
    """Every node of the code that runs: without annotations and docstrings."""
    yield node
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns", "decorator_list", "bases"):
            continue
        children = value if isinstance(value, list) else [value]
        for child in children:
            if isinstance(child, ast.AST):
                yield from places(child)


def mutations(node: ast.AST) -> list[Callable[[ast.AST], None]]:
    """The ways in which a node can be changed, in place."""

    def swap_operator(here) -> None:
        here.op = OPERATORS[type(here.op)]()

    def swap_comparison(here) -> None:
        here.ops[0] = OPERATORS[type(here.ops[0])]()

    def negate(here) -> None:
        here.test = ast.UnaryOp(ast.Not(), here.test)

    def change_number(here) -> None:
        here.value = not here.value if isinstance(here.value, bool) else here.value + 1

    def drop_sign(here) -> None:
        here.op = ast.UAdd() if isinstance(here.op, ast.USub) else ast.Not()

    if isinstance(node, ast.BinOp | ast.BoolOp) and type(node.op) in OPERATORS:
        return [swap_operator]
    if isinstance(node, ast.Compare) and type(node.ops[0]) in OPERATORS:
        return [swap_comparison]
    if isinstance(node, ast.If | ast.IfExp | ast.While):
        return [negate]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return [drop_sign]
    if isinstance(node, ast.Constant) and isinstance(node.value, bool | int | float):
        return [change_number]
    return []


def sites(path: Path) -> list[tuple[str, str, int]]:
    """All that can be changed in a file: its path, the code, and which of its repetitions.

    Words of messages are left out of the code, so that a site is found again when they change.
    """
    found = []
    seen: Counter[str] = Counter()
    for node in places(ast.parse(path.read_text())):
        if mutations(node):
            code = without_texts(node)
            found.append((str(path.relative_to(REPOSITORY)), code, seen[code]))
            seen[code] += 1
    return found


def without_texts(node: ast.AST) -> str:
    class Blank(ast.NodeTransformer):
        def visit_Constant(self, node: ast.Constant) -> ast.Constant:
            return ast.Constant("") if isinstance(node.value, str) else node

        def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.Constant:
            del node
            return ast.Constant("")

    return ast.unparse(Blank().visit(copy.deepcopy(node)))


def find(file: str, code: str, repetition: int) -> tuple[ast.Module, ast.AST]:
    """The syntax tree of a file, and the node of a site in it."""
    tree = ast.parse((REPOSITORY / file).read_text())
    for node in places(tree):
        if mutations(node) and without_texts(node) == code:
            if repetition == 0:
                return tree, node
            repetition -= 1
    raise SystemExit(f"{file}: no longer has this code: {code[:200]}")


def draw(per_area: int, seed: int) -> list[dict]:
    """The mutants, the same for the same code and seed."""
    mutants = []
    for area, (sources, _) in AREAS.items():
        files = []
        for source in sources:
            path = REPOSITORY / source
            files += sorted(path.glob("*.py")) if path.is_dir() else [path]
        everything = [site for file in files for site in sites(file)]
        for site in random.Random(f"{seed} {area}").sample(everything, per_area):
            mutants.append({"area": area, "site": list(site)})
    return mutants


def mutate(mutant: dict, source: Path) -> str:
    """Change the copy of the code in `source`; the line before and after."""
    file = mutant["site"][0]
    tree, node = find(*mutant["site"])
    before = ast.unparse(node)
    change = mutations(node)[0]
    change(node)
    target = source / "fewbench" / file
    target.write_text(ast.unparse(ast.fix_missing_locations(tree)))
    line = getattr(node, "lineno", 0)
    return f"{file}:{line}: {before[:90]}  ->  {ast.unparse(node)[:90]}"


def run(mutant: dict) -> dict:
    """Whether the tests of the area fail for this mutant."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder)
        package = source / "fewbench"
        shutil.copytree(REPOSITORY / "benchmark" / "front", package)
        for room in ROOMS:
            shutil.copytree(REPOSITORY / room, package / room)
        changed = mutate(mutant, source)
        environment = os.environ | {"PYTHONPATH": folder, "OMP_NUM_THREADS": "1"}
        tests = AREAS[mutant["area"]][1]
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
        try:
            code = subprocess.run(
                [*command, *tests],
                cwd=REPOSITORY,
                env=environment,
                capture_output=True,
                timeout=SECONDS,
            ).returncode
        except subprocess.TimeoutExpired:
            code = -1
    # 0: all passed; 5: no test was found.
    if code in (4, 5):
        raise SystemExit(f"{changed}: pytest could not run (exit code {code})")
    return {**mutant, "changed": changed, "killed": code != 0}


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--before", type=Path)
    parser.add_argument("--per-area", type=int, default=15)
    parser.add_argument("--seed", type=int, default=14)
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    before = json.loads(arguments.before.read_text()) if arguments.before else []
    mutants = before or draw(arguments.per_area, arguments.seed)
    done = []
    with ThreadPoolExecutor(arguments.workers) as pool:
        for result in pool.map(run, mutants):
            word = "killed  " if result["killed"] else "SURVIVED"
            say(f"{word} {result['changed']}")
            done.append(result)
            arguments.out.write_text(json.dumps(done, indent=1))
    killed = sum(result["killed"] for result in done)
    say(f"{killed} of {len(done)} killed")
    lost = [
        now["changed"]
        for then, now in zip(before, done, strict=False)
        if then["killed"] and not now["killed"]
    ]
    if lost:
        raise SystemExit("killed before, not now:\n" + "\n".join(lost))


if __name__ == "__main__":
    main()
