"""Type what `identify` advises."""

import json
import shlex
from pathlib import Path
from typing import Any

from .commands import call_fewbench


def build_as_advised(folder: Path, source: str) -> dict[str, Any]:
    """The manifest of the build for which `identify` names the command."""
    data = folder / "data"
    said = call_fewbench(folder, data, "data", "identify", source, "--json").stdout
    (found,) = json.loads(said)["found"].values()
    fewbench, *words = shlex.split(found["advice"])
    assert fewbench == "fewbench"
    return json.loads(call_fewbench(folder, data, *words, "--json").stdout)
