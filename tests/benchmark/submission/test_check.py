"""A whole bundle is checked, and all faults are reported at once."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from fewbench.benchmark.submission import bundle
from fewbench.benchmark.submission.bundle import write_bundle
from fewbench.benchmark.submission.bundle_bytes import bundle_sha256
from fewbench.benchmark.submission.check import check_submission
from fewbench.datasets.archives.tree import Tree, open_tree
from fewbench.errors import UserError
from fewbench_tests.made_bundles import (
    card_document,
    changed,
    files_of,
    foreign_files,
    lines,
    pack,
    sealed,
    two_seeds,
)

DOCUMENT = "submission.json"


def test_an_honest_bundle_passes(tmp_path: Path) -> None:
    path = pack(tmp_path)

    checked = check_submission(path)

    assert lines(checked) == []
    assert checked.has_passed
    assert checked.name == "mine.fewbench.zip"
    assert checked.sha256 == bundle_sha256(path)
    assert checked.made_with.startswith("fewbench ")
    assert checked.card is not None
    assert [one.result.train_seed for one in checked.results] == [0, 1]


def test_an_honest_bundle_of_another_program_passes(tmp_path: Path) -> None:
    files = {}
    for result in two_seeds():
        name = f"results/{result.train_seed}"
        files[f"{name}.json"], files[f"{name}.npz"] = foreign_files(result)
    contents = {"format": "fewbench-submission", "schema_version": 1, "files": {}}
    contents |= {"card": card_document(), "made_with": "mine"}
    files[DOCUMENT] = json.dumps(contents).encode()
    write_bundle(tmp_path / "a.fewbench.zip", sealed(files))

    checked = check_submission(tmp_path / "a.fewbench.zip")

    assert lines(checked) == []
    assert all(one.is_foreign for one in checked.results)


def test_all_faults_are_reported_at_once(tmp_path: Path) -> None:
    def change(files: dict[str, bytes]) -> None:
        document = json.loads(files[DOCUMENT])
        document["card"]["method"]["name"] = ""
        document["card"]["test"]["ensembling"] = "as in /home/kim/notes"
        files[DOCUMENT] = json.dumps(document).encode()
        [first, *_] = [name for name in files if name.endswith("seed0.json")]
        files[first] = files[first].replace(b"conv4-64", b"conv4-65")
        files["results/notes.md"] = b""
        files["training/seed9/a.log"] = b"read /home/kim/data/x.npz"

    path = changed(pack(tmp_path), change, seal=False)

    checked = check_submission(path)

    codes = {finding.code for finding in checked.findings}
    assert codes == {
        "container-name",
        "card-empty",
        "files",
        "result",
        "enclosed",
        "private",
    }
    said = lines(checked)
    assert any("card: test.ensembling: it tells a path" in line for line in said)
    assert any("a.log, line 1: it tells a path" in line for line in said)
    assert not any("seeds" in line for line in said)


DOCUMENTS: list[tuple[bytes, str]] = [
    (b"[]", "it is no JSON object"),
    (b"{", "it is no JSON"),
    (b"\xff", "expected text in UTF-8"),
    (b'{"a": NaN}', "expected finite numbers, got NaN"),
    (b"[" * 100_000, "it is nested too deeply"),
    (b'{"a": ' + b"9" * 5000 + b"}", "at most 40 digits"),
    (b'{"a": 1, "a": 2}', "the key 'a' is there twice"),
    (b'{"a": "\\ud800"}', "half a surrogate pair"),
    (b'{"schema_version": 99}', "expected schema_version 1 or older, got 99"),
    (b'{"schema_version": 1}', "is missing"),
]


@pytest.mark.parametrize(("data", "words"), DOCUMENTS)
def test_a_damaged_document_is_a_finding(
    data: bytes, words: str, tmp_path: Path
) -> None:
    path = changed(pack(tmp_path), lambda files: files | {DOCUMENT: data}, seal=False)

    checked = check_submission(path)

    [first, *_] = checked.findings
    assert first.code == "document"
    assert words in first.what
    assert len(checked.results) == 2


@pytest.mark.parametrize("field", ["format", "made_with", "files"])
def test_a_missing_field_is_named(field: str, tmp_path: Path) -> None:
    def change(files: dict[str, bytes]) -> None:
        document = json.loads(files[DOCUMENT])
        del document[field]
        files[DOCUMENT] = json.dumps(document).encode()

    checked = check_submission(changed(pack(tmp_path), change, seal=False))

    assert f"{field} is missing" in "\n".join(lines(checked))


HOSTILE = "a\x1b[31mb\u202ec\r\n<script>alert(1)</script>\x00"


def with_hostile_text(value: Any) -> Any:
    """The value with hostile text in each text and key of it."""
    if isinstance(value, str):
        return value + HOSTILE
    if isinstance(value, list):
        return [with_hostile_text(one) for one in value]
    if isinstance(value, dict):
        return {key + HOSTILE: with_hostile_text(one) for key, one in value.items()}
    return value


@pytest.mark.parametrize("deep", [False, True])
def test_hostile_text_is_shown_escaped(deep: bool, tmp_path: Path) -> None:
    def change(files: dict[str, bytes]) -> None:
        for name in [name for name in files if name.endswith(".json")]:
            document = json.loads(files[name])
            if deep:
                hostile = with_hostile_text(document)
            else:
                hostile = {
                    key: with_hostile_text(value) for key, value in document.items()
                }
            files[name] = json.dumps(hostile).encode()

    checked = check_submission(changed(pack(tmp_path), change, seal=False))

    assert not checked.has_passed
    assert len(checked.findings) >= 4
    assert all(line.isprintable() for line in lines(checked))


def test_a_bundle_of_faults_gives_few_findings(tmp_path: Path) -> None:
    def change(files: dict[str, bytes]) -> None:
        document = json.loads(files[DOCUMENT])
        document["card"] |= {f"x{number}": 0 for number in range(600)}
        files[DOCUMENT] = json.dumps(document).encode()
        files["training/seed0/a.log"] = b"/home/kim/x\n" * 1000

    checked = check_submission(changed(pack(tmp_path), change, seal=True))

    assert len(checked.findings) == 501
    assert checked.findings[-1].code == "more"


def test_a_bundle_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such submission"):
        check_submission(tmp_path / "a.fewbench.zip")


def test_the_check_leaves_the_bundle_as_it_was(tmp_path: Path) -> None:
    path = pack(tmp_path)
    before = path.read_bytes()

    check_submission(path)

    assert path.read_bytes() == before
    assert sorted(one.name for one in tmp_path.iterdir()) == [
        "mine.fewbench.zip",
        "submission.toml",
    ]
    assert len(files_of(path)) == 5


def test_the_hash_is_that_of_the_bundle_that_was_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody replaces the bundle after it was hashed, before it is unpacked."""
    path = pack(tmp_path)
    better = pack(tmp_path, two_seeds(rng_seed=7), name="better")
    sha256 = bundle_sha256(path)
    expected = check_submission(path)

    def open_late(*arguments: Any) -> Tree:
        shutil.copy(better, path)
        return open_tree(*arguments)

    monkeypatch.setattr(bundle, "open_tree", open_late)
    checked = check_submission(path)

    assert checked.sha256 == sha256
    means = [one.result.mean for one in checked.results]
    assert means == [one.result.mean for one in expected.results]
    assert bundle_sha256(path) == bundle_sha256(better) != sha256
