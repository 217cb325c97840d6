import hashlib
import io
import json
import os
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fewbench.reports.protocol import EvalProtocol
from fewbench.reports.records import ResultError, RunResult, count_correct
from fewbench.reports.result_document import canonical_sha256, document_sha256
from fewbench.reports.result_files import (
    find_documents,
    load_result,
    load_results,
    save_result,
)
from fewbench_tests.forgeries import cut, edit
from fewbench_tests.made_results import one_bin

names = st.from_regex(r"[a-z0-9](_?[a-z0-9.-]){0,12}", fullmatch=True)
texts = st.text(max_size=20)
finite = st.floats(allow_nan=False, allow_infinity=False)
scalars = texts | st.integers() | finite | st.booleans() | st.none()


@st.composite
def results(draw):
    n_way, n_query, n_episodes = (draw(st.integers(low, 6)) for low in (2, 1, 1))
    protocol = EvalProtocol(
        draw(names), draw(names), draw(names), n_way, draw(st.integers(1, 9)), n_query,
        n_episodes, draw(st.integers(0, 2**64 - 1)), draw(st.booleans()), draw(st.booleans()),
        draw(st.booleans()), draw(st.sampled_from(["independent", "disjoint", "listed"])),
        draw(st.none() | st.integers(1, 20)), draw(st.sampled_from(["episodes-t", "legacy-z-n1"])),
    )  # fmt: skip
    class_names = draw(
        st.lists(st.text(min_size=1, max_size=9), min_size=n_way, max_size=9)
    )
    place = draw(st.none() | st.integers(0, 99))
    labels = st.lists(
        st.integers(0, n_way - 1), min_size=n_way * n_query, max_size=n_way * n_query
    )
    rows = draw(st.lists(labels, min_size=n_episodes, max_size=n_episodes))
    predictions = np.array(rows, dtype=np.uint8)
    calibration = None if place is None else one_bin(predictions, n_way, place)
    return RunResult(
        protocol=protocol,
        learner=draw(names | st.sampled_from(["Μέθοδος 1", "方法", "my net (v2)"])),
        backbone=draw(texts),
        train_seed=draw(st.integers(0, 2**40)),
        recipe=draw(st.dictionaries(texts, scalars, max_size=4)),
        precision=draw(st.sampled_from(["fp32", "bf16"])),
        device=draw(texts),
        transductive=draw(st.booleans()),
        partial=draw(st.booleans()),
        data_fingerprint=draw(texts),
        episodes_fingerprint=draw(texts),
        checkpoint_sha256=draw(texts | st.none()),
        environment=draw(st.dictionaries(texts, texts, max_size=4)),
        seconds=draw(st.dictionaries(texts, finite.map(abs), max_size=4)),
        created_utc=draw(texts),
        command=draw(texts),
        predictions=predictions,
        correct=count_correct(predictions, n_way),
        classes=np.tile(np.arange(n_way, dtype=np.uint16), (n_episodes, 1)),
        class_names=np.array(class_names),
        class_sizes=np.arange(len(class_names), dtype=np.int32),
        calibration=calibration,
    )


def assert_same(a: RunResult, b: RunResult) -> None:
    assert a.header() == b.header()
    # `==` holds between 1, 1.0 and True; a recipe must come back with its types.
    assert {k: type(v) for k, v in a.recipe.items()} == {
        k: type(v) for k, v in b.recipe.items()
    }
    assert a.arrays().keys() == b.arrays().keys()
    for name, left in a.arrays().items():
        right = getattr(b, name)
        assert left.dtype == right.dtype
        assert np.array_equal(left, right)


@settings(max_examples=60, deadline=None)
@given(result=results())
def test_any_result_is_loaded_as_it_was_saved(result, tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")

    path = save_result(result, folder)

    assert_same(load_result(path), result)
    assert path.name == f"{result.file_stem}.json"
    assert sorted(p.suffix for p in folder.iterdir()) == [".json", ".npz"]
    shutil.rmtree(folder)


def test_saving_twice_gives_the_same_bytes(make_result, tmp_path):
    first, second = (save_result(make_result(), tmp_path / name) for name in "ab")

    for suffix in (".json", ".npz"):
        a, b = (
            path.with_name(path.stem + suffix).read_bytes() for path in (first, second)
        )
        assert a == b


def test_the_document_is_sorted_and_ends_with_a_newline(make_result, tmp_path):
    text = save_result(make_result(), tmp_path).read_text()

    document = json.loads(text)
    assert (
        text
        == json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    )
    assert document["schema_version"] == 2


# Tampering. Each edits one file of a saved result and returns nothing.


def arrays_of(path: Path) -> Path:
    return path.with_name(f"{path.stem}.npz")


def rewrite_arrays(path: Path, **changes) -> None:
    with np.load(arrays_of(path)) as npz:
        arrays = dict(npz) | changes
    np.savez_compressed(arrays_of(path), **arrays)


def flip_a_prediction(path):
    with np.load(arrays_of(path)) as npz:
        predictions = npz["predictions"].copy()
    predictions[0, 0] = 4 - predictions[0, 0]
    rewrite_arrays(path, predictions=predictions)


def forge_everything_but_the_count(path):
    predictions = np.zeros((40, 75), dtype=np.uint8)
    with np.load(arrays_of(path)) as npz:
        old = hashlib.sha256(npz["predictions"].tobytes()).hexdigest()
    new = hashlib.sha256(predictions.tobytes()).hexdigest()
    rewrite_arrays(path, predictions=predictions)
    edit(path, old, new)
    reseal(path)


def reseal(path: Path) -> None:
    """Hash an edited document again, as a forger would."""
    document = json.loads(path.read_text())
    document["content_sha256"] = canonical_sha256(document["content"])
    document["document_sha256"] = document_sha256(document)
    path.write_text(json.dumps(document))


def forge_the_mean(path):
    edit(path, '"mean": "', '"mean": "1')
    reseal(path)


def claim_terabytes(path):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "|u1", "fortran_order": False, "shape": (10**13, 75)}
    )
    with zipfile.ZipFile(arrays_of(path), "w") as archive:
        archive.writestr("predictions.npy", header.getvalue() + b"\0" * 100)
        archive.writestr("correct.npy", b"")


TAMPERING = {
    "edited predictions": (
        flip_a_prediction,
        "predictions differs from what was saved.*sha256",
    ),
    "forged hash": (forge_everything_but_the_count, "the arrays contradict the result"),
    "forged mean": (forge_the_mean, "accuracy: expected 9.*%, got 19"),
    "pickled objects": (
        lambda path: rewrite_arrays(path, correct=np.array([{"a": 1}], dtype=object)),
        "allow_pickle",
    ),
    "truncated npz": (lambda path: cut(arrays_of(path), 0.5), "cannot read the arrays"),
    "empty npz": (lambda path: cut(arrays_of(path), 0), "cannot read the arrays"),
    "huge npz": (claim_terabytes, "cannot read the arrays"),
    "bomb": (
        lambda path: rewrite_arrays(path, correct=np.zeros(10**6, dtype=np.int32)),
        "are allowed",
    ),
    "one array": (
        lambda path: np.savez(arrays_of(path), predictions=np.zeros(3, dtype=np.uint8)),
        "cannot read the arrays",
    ),
    "missing npz": (lambda path: arrays_of(path).unlink(), "the arrays are missing"),
}


@pytest.mark.parametrize("name", TAMPERING)
def test_tampering_is_refused_with_the_path_and_what_to_do(make_result, tmp_path, name):
    tamper, complaint = TAMPERING[name]
    path = save_result(make_result(), tmp_path)

    tamper(path)

    with pytest.raises(ResultError, match=f"(?s){complaint}") as caught:
        load_result(path)
    message = str(caught.value)
    assert message.startswith(str(path.parent / path.stem))
    assert "xpected" in message
    assert "fewbench" in message


def test_white_space_of_the_document_does_not_matter(make_result, tmp_path):
    path = save_result(make_result(), tmp_path)
    path.write_text(json.dumps(json.loads(path.read_text())))

    assert load_result(path).mean == make_result().mean


def test_results_of_folders_and_files_come_sorted_and_once(make_result, tmp_path):
    a = save_result(make_result(learner="b"), tmp_path / "one")
    save_result(make_result(learner="a"), tmp_path / "two")
    save_result(make_result(learner="a", train_seed=2), tmp_path / "two")
    (tmp_path / "two" / "environment.json").write_text("{}")

    results = load_results([tmp_path / "one", a, tmp_path / "two"])

    stems = [result.file_stem for result in results]
    assert stems == [f"glyphs-5w1s__{x}" for x in ("a__seed0", "a__seed2", "b__seed0")]


def test_a_folder_without_results_is_refused(tmp_path):
    with pytest.raises(
        ResultError, match=r"no results in this folder.*fewbench evaluate"
    ):
        load_results([tmp_path])


def test_documents_are_found_in_the_order_of_the_paths_and_once(make_result, tmp_path):
    a = save_result(make_result(learner="a"), tmp_path)
    b = save_result(make_result(learner="b"), tmp_path)
    (tmp_path / "environment.json").write_text("{}")

    assert find_documents([tmp_path]) == [a, b]
    assert find_documents([b, tmp_path]) == [b, a]
    # As in results/*
    assert find_documents([a, arrays_of(a), arrays_of(b), b]) == [a, b]
    assert len(load_results([arrays_of(a), a])) == 1


@pytest.mark.parametrize("name", ["none.json", "none.npz"])
def test_a_document_that_does_not_exist_is_refused(make_result, tmp_path, name):
    path = save_result(make_result(), tmp_path)

    for find in (find_documents, load_results):
        with pytest.raises(ResultError, match="none.json: no such result.*got no file"):
            find([path, tmp_path / name])


def test_a_name_with_dots_keeps_them_in_its_file_name(make_result, tmp_path):
    path = save_result(make_result(name="mini-5w1s.v2"), tmp_path)

    assert path.name == "mini-5w1s.v2__protonet__seed0.json"
    assert load_result(path).protocol.name == "mini-5w1s.v2"


def test_a_failed_write_leaves_neither_a_partial_file_nor_a_new_one(
    make_result, tmp_path, monkeypatch
):
    path = save_result(make_result(rng_seed=1), tmp_path)
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}

    def full_disk(source, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full_disk)
    with pytest.raises(OSError, match="No space left"):
        save_result(make_result(rng_seed=2), tmp_path, overwrite=True)

    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before
    assert load_result(path).file_stem == path.stem


def test_a_kill_between_the_two_files_is_noticed(make_result, tmp_path, monkeypatch):
    path = save_result(make_result(rng_seed=1), tmp_path)
    rename = os.replace

    def killed_before_the_document(source, target):
        if str(target).endswith(".json"):
            raise KeyboardInterrupt
        rename(source, target)

    monkeypatch.setattr(os, "replace", killed_before_the_document)
    with pytest.raises(KeyboardInterrupt):
        save_result(make_result(rng_seed=2), tmp_path, overwrite=True)
    monkeypatch.undo()

    with pytest.raises(ResultError, match="differs from what was saved"):
        load_result(path)
    again = save_result(make_result(rng_seed=2), tmp_path, overwrite=True)
    assert load_result(again).mean > 0
