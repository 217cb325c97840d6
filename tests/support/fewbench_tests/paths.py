"""Where the repository and the tests' own helpers lie."""

from pathlib import Path

SUPPORT = Path(__file__).parents[
    1
]  # on a subprocess's PYTHONPATH, it finds `fewbench_tests`
REPOSITORY = SUPPORT.parents[1]
