"""The JSON Schemas of the documents in a bundle, for programs in any language.

They are written into schemas/ beside this module, and go into the wheel:
python -m fewbench.benchmark.submission.schemas
"""

import json
from pathlib import Path
from typing import Any

from . import card, contents, foreign, verdict

FOLDER = Path(__file__).with_name("schemas")
_ADAPTERS = {
    "card": card.SCHEMA,
    "submission": contents.SCHEMA,
    "predictions": foreign.SCHEMA,
    "verdict": verdict.SCHEMA,
}


def schemas() -> dict[str, str]:
    """Return each JSON Schema as text: file name -> schema."""
    texts = {}
    for name, adapter in _ADAPTERS.items():
        schema: dict[str, Any] = adapter.json_schema()
        schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
        text = json.dumps(schema, indent=1, sort_keys=True, ensure_ascii=False)
        texts[f"{name}.schema.json"] = f"{text}\n"
    return texts


def main() -> None:
    """Write all schemas."""
    FOLDER.mkdir(exist_ok=True)
    for name, text in schemas().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
