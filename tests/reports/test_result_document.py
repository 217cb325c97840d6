import json
from dataclasses import replace

import numpy as np

from fewbench.documents import fit
from fewbench.reports.origin import (
    Checks,
    Pixels,
    Pretraining,
    Segment,
    TrainedOn,
    Weights,
)
from fewbench.reports.result_document import (
    SCHEMA,
    canonical_sha256,
    document_sha256,
    flattened,
    to_document,
)
from fewbench.reports.result_files import load_result, save_result

FULL = {
    "learner": "方法",
    "precision": "fp64",
    "recipe": {"lr": 0.1, "trained_seconds": 12.5, "trained_steps": 3},
    "embedded": "split",
    "deterministic": True,
    "pixels": Pixels(84, 84, 3, "box", 2, "whole"),
    "trained_on": TrainedOn("miniimagenet", ("train", "val"), ("a", "b")),
    "pretraining": Pretraining("ImageNet-1k", "2012", True),
    "weights": Weights("https://example.org", "ab" * 32, "MIT"),
    "checks": Checks(order=True, state=None, determinism=False),
    "segments": (Segment(0, 20, "one", 1.5), Segment(20, 40)),
}


def document_of(result) -> dict:
    return to_document(result, {"predictions": "00"}, {"mean": "50 %"})


def test_every_field_comes_back(make_result, tmp_path) -> None:
    queries = np.full((40, 5), 15, np.uint16)
    result = make_result(**FULL, queries=queries)
    again = load_result(save_result(result, tmp_path))
    assert again.header() == result.header()
    assert again.queries is not None
    np.testing.assert_array_equal(again.queries, queries)
    assert again.file_stem.startswith("glyphs-5w1s__model-")


def test_the_content_does_not_know_the_machine_and_the_hour(make_result) -> None:
    here = make_result(**FULL)
    there = replace(
        here,
        environment={"python": "4"},
        seconds={"total": 9.0},
        created_utc="2031-01-01T00:00:00Z",
        command="fewbench evaluate another way",
        device="cuda",
        recipe={**here.recipe, "trained_seconds": 99.0},
        segments=(),
    )
    one, other = document_of(here), document_of(there)
    assert one["content_sha256"] == other["content_sha256"]
    assert one["document_sha256"] != other["document_sha256"]
    changed = document_of(replace(here, train_seed=1))
    assert changed["content_sha256"] != one["content_sha256"]


def test_the_parts_of_the_document(make_result) -> None:
    document = document_of(make_result(**FULL))
    assert set(document) == {
        "schema_version", "content", "content_sha256", "run", "document_sha256"
    }  # fmt: skip
    content = document["content"]
    assert set(content) == {"task", "header", "classification"}
    assert content["task"] == "classification"
    classification = content["classification"]
    assert classification["protocol"]["name"] == "glyphs-5w1s"
    assert len(classification["protocol_sha256"]) == 64
    assert content["header"]["learner"] == "方法"
    assert document["run"]["recipe"] == {"trained_seconds": 12.5}
    assert document["content_sha256"] == canonical_sha256(content)
    assert document["document_sha256"] == document_sha256(document)


def test_a_later_fewbench_may_add_fields(make_result) -> None:
    document = json.loads(json.dumps(document_of(make_result(**FULL))))
    document["content"]["header"]["later"] = {"a": [1]}
    document["run"]["later"] = 2
    document["later"] = None
    found = fit(flattened(document), SCHEMA)
    assert found.header() == make_result(**FULL).header()
