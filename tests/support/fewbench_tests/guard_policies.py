"""How the questions of a test are answered."""

from pathlib import Path
from typing import Any

from fewbench.benchmark.guard.pytest_plugin.check import Policy
from fewbench.benchmark.guard.pytest_plugin.option_table import OPTIONS
from fewbench.benchmark.guard.pytest_plugin.options import read_options
from fewbench.benchmark.guard.references.reference_folder import ReferenceFolder
from fewbench.benchmark.guard.verdict import Rules


def made_policy(folder: Path, **given: Any) -> Policy:
    """Return the policy of these options, with the references in a folder."""
    nothing: dict[str, Any] = dict.fromkeys(OPTIONS)
    options = read_options({**nothing, "date": "2026-11-26", **given}, folder)
    references = ReferenceFolder(folder / "accuracy" / "reference")
    return Policy(options, Rules(), references)
