"""Documents that are changed at random thousands of times: read, or refused in one sentence.

FEWBENCH_TEST_MUTATIONS is the number of changes of each format that comes from strangers. Of
the others, a tenth is made.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fewbench.baselines.recipe_files import load_recipe
from fewbench.benchmark.board.folder import BoardFolder
from fewbench.benchmark.board.log import append_event, make_event, read_log
from fewbench.benchmark.cluster.grid_file import read_grid
from fewbench.benchmark.cluster.grid_folder import RECORD, read_record
from fewbench.benchmark.cluster.grid_trainings import grid_trainings
from fewbench.benchmark.submission.check import check_submission
from fewbench.benchmark.submission.foreign import load_foreign
from fewbench.benchmark.submission.pack import pack_submission
from fewbench.benchmark.submission.verdict import load_verdict, save_verdict, verdict_on
from fewbench.datasets.downloads.zenodo import _find_file
from fewbench.documents import DocumentError
from fewbench.errors import UserError
from fewbench_tests.document_readers import KINDS
from fewbench_tests.fuzzing import N_MUTATIONS, Mutate, fuzz, in_bytes, in_document
from fewbench_tests.made_bundles import CARD, foreign_files, pack, two_seeds, write_card
from fewbench_tests.small_grids import BOTH, opened

Read = Callable[[bytes], object]
STRANGE = ("manifest", "conversion", "log", "result", "card", "reference", "header")
GRID = BOTH.replace("episodes = 20", "episodes = 20\nvary = {lr = [0.1, 0.2]}")


def check(
    name: str, mutate: Mutate, read: Read, *, strange: bool, whole: object = None
) -> None:
    n = N_MUTATIONS if strange else N_MUTATIONS // 10
    tally = fuzz(mutate, read, n, whole)
    sys.stdout.write(
        f"\n{name}: {n} changed, {dict(tally.counts)}, {len(tally.faults)} faults"
    )
    assert tally.faults == []


@pytest.mark.parametrize("kind", KINDS)
def test_documents(kind: str, tmp_path: Path) -> None:
    make_reader, document = KINDS[kind]
    read = make_reader(tmp_path)
    check(kind, in_document(document), read, strange=kind in STRANGE)


def in_file(path: Path, read: Callable[[], object]) -> Read:
    """Return a reader of bytes that are written to a file first."""

    def written(data: bytes) -> object:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
        return read()

    return written


@pytest.mark.parametrize("text", ["recipe", "grid"])
def test_toml(text: str, tmp_path: Path) -> None:
    path = tmp_path / f"{text}.toml"
    texts = {
        "recipe": (RECIPE, lambda: load_recipe(str(path))),
        "grid": (GRID, lambda: grid_trainings(read_grid(path).grid, tmp_path)),
    }
    data, read = texts[text]
    check(text, in_bytes(data.encode()), in_file(path, read), strange=True)


def test_cards(tmp_path: Path) -> None:
    path = write_card(tmp_path)
    results = two_seeds()

    def read() -> object:
        return pack_submission(results, path, tmp_path / "a.fewbench.zip").findings

    # Packing takes a tenth of a second.
    check("card.toml", in_bytes(CARD.encode()), in_file(path, read), strange=False)


def test_boards(tmp_path: Path) -> None:
    path = tmp_path / "board.toml"
    text = b'title = "A board"\nrules = "1"\nprotocols = ["glyphs-5w1s"]\n'
    read = BoardFolder(tmp_path).settings
    check("board.toml", in_bytes(text), in_file(path, read), strange=False)
    log = tmp_path / "log.jsonl"
    event = make_event(
        date="2026-11-26", action="added", entry="mine", bundle_sha256="ab" * 32
    )
    append_event(log, event)
    line = json.loads(log.read_bytes())
    check(
        "log.jsonl",
        in_document(line),
        in_file(log, lambda: read_log(log)),
        strange=False,
    )


def test_verdicts(tmp_path: Path) -> None:
    verdict = verdict_on(check_submission(pack(tmp_path)))
    path = save_verdict(verdict, tmp_path)
    document = json.loads(path.read_bytes())
    read = in_file(path, lambda: load_verdict(path))
    check("verdict", in_document(document), read, strange=False)


def test_predictions_of_other_programs(tmp_path: Path) -> None:
    data, arrays = foreign_files(two_seeds()[0])
    (tmp_path / "a.npz").write_bytes(arrays)
    path = tmp_path / "a.json"
    read = in_file(path, lambda: load_foreign(path, None))
    check("predictions", in_document(json.loads(data)), read, strange=True)


def test_records_of_grids(tmp_path: Path, glyphs_root: Path) -> None:
    grid = opened(tmp_path, glyphs_root, BOTH)
    folder = grid.plan.place.folder
    document = json.loads((folder / RECORD).read_bytes())
    read = in_file(folder / RECORD, lambda: read_record(folder))
    check("grid.json", in_document(document), read, strange=False)


def test_records_of_zenodo() -> None:
    file = {"key": "a.pkl", "size": 7, "checksum": "md5:" + "0" * 32}
    record: dict[str, Any] = {"files": [file, {"filename": "b"}], "id": 3}

    def read(data: bytes) -> object:
        try:
            return _find_file(data, "a.pkl")
        except DocumentError as error:
            raise UserError(str(error)) from error

    check("Zenodo's record", in_document(record), read, strange=True)


RECIPE = """\
learner = "maml"
dataset = "glyphs"
backbone = "conv4"
width = 32
way = 5
shot = 1
query = 15
steps = 100
lr = 0.001
lr_schedule = "cosine"
lr_min = 1e-5
clip_norm = 10.0
rotations = false
[maml]
inner_lr = 0.4
inner_steps = 2
"""
