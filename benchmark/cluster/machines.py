"""Which other kinds of machine took part in some work, where these may be mixed.

Each kind has a file in the folder `machines` of the work. It is written before the first
file that such a machine publishes.
"""

import hashlib
import json
from pathlib import Path

from fewbench.documents import DocumentError, fit, parse_json, read_bytes
from fewbench.files import write_json

from .conditions import Conditions

FOLDER = "machines"


def note_machine(folder: Path, conditions: Conditions) -> None:
    """Record how a machine computes that differs from the one which began the work."""
    document = conditions.document()
    text = json.dumps(document, sort_keys=True)
    name = hashlib.sha256(text.encode()).hexdigest()[:16]
    path = folder / FOLDER / f"{name}.json"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, document)


def noted_machines(folder: Path) -> list[Conditions]:
    """Return how the other machines compute. A file that is damaged is left out."""
    from pydantic import TypeAdapter

    schema = TypeAdapter(Conditions)
    found = []
    for path in sorted((folder / FOLDER).glob("*.json")):
        try:
            found.append(fit(parse_json(read_bytes(path)), schema))
        except (OSError, DocumentError):
            continue
    return found
