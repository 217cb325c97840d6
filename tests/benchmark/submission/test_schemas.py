"""The committed JSON Schemas say what the models say, whichever pydantic wrote them."""

import json
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from fewbench.benchmark.submission import schemas as module
from fewbench.benchmark.submission.card import card_template
from fewbench.benchmark.submission.check import check_submission
from fewbench.benchmark.submission.schemas import FOLDER, main, schemas
from fewbench.benchmark.submission.verdict import save_verdict, verdict_on
from fewbench_tests.honest_results import build_honest
from fewbench_tests.made_bundles import (
    card_document,
    files_of,
    foreign_files,
    pack,
)

NAMES = [
    "card.schema.json",
    "predictions.schema.json",
    "submission.schema.json",
    "verdict.schema.json",
]


def committed(name: str) -> dict[str, Any]:
    text = files("fewbench.benchmark.submission").joinpath("schemas", name).read_text()
    return json.loads(text)


def said(schema: Any) -> Any:
    """What a schema says, without titles, descriptions and the ways to write the same."""
    if isinstance(schema, list):
        return [said(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {}
    for key, value in schema.items():
        if key in ("properties", "$defs"):
            kept[key] = {name: said(one) for name, one in value.items()}
        elif key in ("required", "enum"):
            kept[key] = sorted(value, key=str)
        elif key in ("items", "prefixItems", "anyOf", "$ref", "const", "type"):
            kept[key] = said(value)
    return kept


def test_there_is_a_file_for_each_document() -> None:
    assert sorted(path.name for path in FOLDER.iterdir()) == NAMES
    assert sorted(schemas()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_the_committed_schema_says_what_the_model_says(name: str) -> None:
    assert said(committed(name)) == said(json.loads(schemas()[name])), (
        "write them again: python -m fewbench.benchmark.submission.schemas"
    )


def test_they_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FOLDER", tmp_path / "schemas")

    main()

    for name in NAMES:
        text = (tmp_path / "schemas" / name).read_text(encoding="utf-8")
        assert text == schemas()[name]


def test_the_card_names_the_fields_of_the_template() -> None:
    schema = committed("card.schema.json")
    template = tomllib.loads(card_template())

    assert set(schema["required"]) == set(template)
    for table, fields in template.items():
        definition = schema["$defs"][table.capitalize()]
        assert set(definition["required"]) <= set(fields)
        assert set(fields) <= set(definition["properties"])


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A document of each kind, by the name of its schema."""
    folder = tmp_path_factory.mktemp("documents")
    bundle = pack(folder)
    verdict = save_verdict(verdict_on(check_submission(bundle)), folder)
    predictions, _ = foreign_files(build_honest(n_episodes=3))
    texts = [
        json.dumps(card_document()),
        predictions,
        files_of(bundle)["submission.json"],
        verdict.read_text(),
    ]
    return dict(zip(NAMES, map(json.loads, texts), strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_real_documents_are_valid(name: str, documents: dict[str, Any]) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.Draft202012Validator.check_schema(committed(name))
    validator = jsonschema.Draft202012Validator(committed(name))

    assert list(validator.iter_errors(documents[name])) == []
    for field in committed(name)["required"]:
        less = {key: one for key, one in documents[name].items() if key != field}
        assert len(list(validator.iter_errors(less))) == 1
