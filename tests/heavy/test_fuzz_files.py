"""Binary files that are changed at random thousands of times: read, or refused.

See test_fuzz_documents.py for the numbers.
"""

import pickle
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

import fewbench
from fewbench.baselines.checkpoints import load_checkpoint, save_checkpoint
from fewbench.baselines.evaluation.answers import Answers
from fewbench.baselines.evaluation.feature_rows import (
    FeaturePath,
    FeatureRows,
    save_features,
)
from fewbench.baselines.weights.tensor_file import read_tensor_file
from fewbench.benchmark.cluster.answers_file import read_answers, save_answers
from fewbench.benchmark.protocols.catalogue import find_protocol
from fewbench.benchmark.protocols.episode_reader import read_episodes
from fewbench.benchmark.submission.check import check_submission
from fewbench.datasets.added.add import OwnImages, add
from fewbench.datasets.archives.tree import open_tree
from fewbench.datasets.images.decode import decode
from fewbench.datasets.info import Request
from fewbench.datasets.inspection.identify import identify
from fewbench.datasets.layouts.source_files import open_source
from fewbench.datasets.layouts.torchmeta import write_groups
from fewbench.datasets.store.split_store import SplitStore
from fewbench.reports.result_files import save_result
from fewbench_tests.document_readers import CARD, FILES
from fewbench_tests.encoded_images import encode, smooth
from fewbench_tests.foreign_weights import trained_state
from fewbench_tests.fuzzed_bundles import fuzzed
from fewbench_tests.fuzzing import N_MUTATIONS, Mutate, fuzz, in_bytes
from fewbench_tests.honest_results import build_honest
from fewbench_tests.made_bundles import files_of, pack
from fewbench_tests.pickled import loaded
from fewbench_tests.small_archives import FILES as SMALL
from fewbench_tests.small_archives import write

Read = Callable[[Path], object]


def check(
    path: Path, read: Read, *, strange: bool, mutate: Mutate | None = None
) -> None:
    """Change the bytes of a file. It is refused, or read as what it was."""
    mutate = mutate or in_bytes(path.read_bytes())
    n = N_MUTATIONS if strange else N_MUTATIONS // 10

    def written(data: bytes) -> object:
        path.write_bytes(data)
        return read(path)

    tally = fuzz(mutate, written, n, read(path))
    sys.stdout.write(
        f"\n{path.name}: {n} changed, {dict(tally.counts)}, {len(tally.faults)} faults"
    )
    assert tally.faults == []


def check_answered(path: Path, read: Read, *, strange: bool) -> None:
    """Change the bytes of a file without a checksum. It may be read as another one."""

    def answered(file: Path) -> None:
        read(file)

    check(path, answered, strange=strange)


@pytest.mark.parametrize("suffix", [".json", ".npz"])
def test_results(tmp_path: Path, suffix: str) -> None:
    path = save_result(build_honest(0.6, 0), tmp_path)

    def read(_: Path) -> object:
        [result] = fewbench.load_results(tmp_path)
        return repr(result.header()), result.predictions.tobytes()

    check(path.with_suffix(suffix), read, strange=True)


def test_bundles(tmp_path: Path) -> None:
    path = pack(tmp_path)
    files = files_of(path)

    def mutate(rng: Random) -> bytes:
        return fuzzed(rng, files)

    def read(file: Path) -> None:
        verdict = check_submission(file)
        assert all(one.line.isprintable() for one in verdict.findings)

    check(path, read, strange=False, mutate=mutate)


def test_episode_files(tmp_path: Path) -> None:
    path = tmp_path / "e.npz"
    shutil.copy(next(FILES.rglob("*episodes*.npz")), path)

    def read(file: Path) -> object:
        found = read_episodes(file)
        return found.protocol, found.images.tobytes(), found.classes.tobytes()

    check(path, read, strange=True)


@pytest.mark.parametrize("kind", ["safetensors", "npz", "pt", "legacy.pt"])
def test_weights(tmp_path: Path, kind: str) -> None:
    state = trained_state()
    path = tmp_path / f"a.{kind}"
    if kind == "safetensors":
        save_file(state, path)
    elif kind == "npz":
        arrays: dict[str, Any] = {}
        for name, value in state.items():
            arrays[name] = value.numpy()
        np.savez(path, **arrays)
    else:
        torch.save(state, path, _use_new_zipfile_serialization=kind == "pt")
    check_answered(path, read_tensor_file, strange=True)


def test_checkpoints(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    save_checkpoint(path, trained_state(), CARD)
    check_answered(path, load_checkpoint, strange=True)


@pytest.mark.parametrize("kind", ["stored", "deflated", "tar", "tar.gz", "tar.xz"])
def test_archives(tmp_path: Path, kind: str) -> None:
    path = write(kind, tmp_path / "a", SMALL)

    def read(file: Path) -> None:
        with open_tree(file) as tree:
            for name in tree.names():
                tree.read(name)

    check_answered(path, read, strange=True)


def test_pickles() -> None:
    value = {"labels": [1, 2], "images": np.arange(60, dtype=np.uint8).reshape(5, 12)}
    for protocol in (0, 2, 4):
        tally = fuzz(in_bytes(pickle.dumps(value, protocol)), loaded, N_MUTATIONS)
        sys.stdout.write(f"\npickle, protocol {protocol}: {dict(tally.counts)}")
        assert tally.faults == []


def opened(file: Path) -> None:
    identify(file)
    source = open_source(Request(file))
    for one in source.of_kind("npz"):
        for array in source.arrays(one).values():
            array.rows(np.arange(len(array)))
    for one in source.of_kind("groups"):
        for group in source.groups(one).values():
            group.read()


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_arrays(tmp_path: Path, save: Callable[..., None]) -> None:
    images = np.arange(5 * 12, dtype=np.uint8).reshape(5, 2, 2, 3)
    save(tmp_path / "a.npz", images=images, labels=np.arange(5))
    check_answered(tmp_path / "a.npz", opened, strange=True)


def test_groups_in_hdf5(tmp_path: Path) -> None:
    path = tmp_path / "train_data.hdf5"
    images = np.zeros((2, 4, 4, 3), np.uint8)
    write_groups(path, [("n01532829", images, {}), ("n01558993", images, {})])
    check_answered(path, opened, strange=True)


@pytest.mark.parametrize("file_format", ["PNG", "JPEG"])
def test_images(tmp_path: Path, file_format: str) -> None:
    path = tmp_path / f"a.{file_format.lower()}"
    path.write_bytes(encode(smooth(30, 24), file_format))

    def read(file: Path) -> Image.Image:
        return decode(file.read_bytes(), file.name, "RGB")

    check_answered(path, read, strange=True)


def test_own_images_with_a_table(tmp_path: Path) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    lines = ["filename,label,split"]
    for number in range(30):
        image = encode(smooth(8, 8, number))
        (folder / f"{number}.png").write_bytes(image)
        split = ("train", "val", "test")[number // 10]
        lines.append(f"{number}.png,class {number // 2},{split}")
    path = folder / "labels.csv"
    path.write_text("\n".join(lines))

    def read(_: Path) -> None:
        add("mine", OwnImages(folder, size=8), tmp_path / "root", rebuild=True)

    check_answered(path, read, strange=False)


def test_splits(tmp_path: Path, bars_root: Path) -> None:
    path = tmp_path / "val.h5"
    shutil.copy(bars_root / "bars" / "val.h5", path)

    def read(file: Path) -> object:
        store = SplitStore(file)
        store.verify()
        return store.class_names, store.image_names, store.images.tobytes()

    check(path, read, strange=True)


def test_features(tmp_path: Path) -> None:
    path = save_features(tmp_path / "a.npy", [torch.arange(12.0).reshape(4, 3)])
    check_answered(
        path,
        lambda file: FeatureRows.opened([FeaturePath(file)]).at(np.arange(4)),
        strange=False,
    )


def test_answers(tmp_path: Path) -> None:
    protocol = find_protocol("glyphs-5w1s")
    predictions = np.zeros((3, protocol.queries_per_episode), np.uint8)
    path = save_answers(tmp_path / "a.npz", Answers(predictions, seconds={}))
    check_answered(path, lambda file: read_answers(file, protocol, 0, 3), strange=False)
