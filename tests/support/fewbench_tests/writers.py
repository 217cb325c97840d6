"""Every command that writes, on small data, and what has to be the same whatever happens."""

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from fewbench.reports.result_files import save_result
from fewbench_tests.boards import made_board, made_bundle
from fewbench_tests.commands import call_fewbench
from fewbench_tests.honest_results import build_honest
from fewbench_tests.made_bundles import two_seeds, write_card
from fewbench_tests.own_images import CLASSES, write_classes
from fewbench_tests.small_grids import BOTH, SMALL

Prepare = Callable[[Path, Path], None]

BRIEF = (
    "--set=steps=6", "--set=validate_every=2", "--set=val_episodes=4", "--set=width=8",
    "--set=precision=fp32",
)  # fmt: skip
TRAIN = ("train", "--recipe", "protonet-glyphs", *BRIEF, "--out", "run")
EMBED = (
    "embed", "centroid", "--dataset", "glyphs", "--threads", "1", "--workers", "2",
    "--images-per-task", "256",
)  # fmt: skip
EVALUATE = (
    "evaluate", "centroid", "--protocol", "glyphs-5w1s", "--protocol", "glyphs-5w5s",
    "--episodes", "40", "--out", "out",
)  # fmt: skip
EXPORT = ("protocol", "export", "glyphs-5w1s", "--episodes", "600", "--out", "e.npz")
GRID = ("grid", "run", "grid.toml", "--out", "work", "--workers", "1")
REGRESS = ("regress", "results", "--reference", "refs")
# What differs between two runs of the same command.
_VARIES = {
    "build_seconds",
    "built_utc",
    "by",
    "created_utc",
    "document_sha256",
    "history",
    "made_from",
    "made_utc",
    "run",
    "seal",
    "seconds",
    "val_seconds",
}


def with_nothing(folder: Path, root: Path) -> None:
    """Leave the folder empty."""


@dataclass(frozen=True)
class Writer:
    """A command that writes.

    prepare: puts what the command needs into its folder; gets the folder, and the one
        with the built datasets
    goes_on: the option with which the command goes on
    done: what the command says, with exit code 2, if its work is done already
    rival: another command that writes the same; () for the same command
    own_data: whether the datasets are those in its folder
    varies: files whose content differs between two runs of the command
    together: starts of names; the files of each change at the same moment
    """

    name: str
    arguments: tuple[str, ...]
    prepare: Prepare = with_nothing
    goes_on: str = ""
    done: str = ""
    rival: tuple[str, ...] = ()
    own_data: bool = False
    varies: tuple[str, ...] = ()
    together: tuple[str, ...] = ()

    @property
    def again(self) -> tuple[str, ...]:
        """The command that goes on after an interruption."""
        return (*self.arguments, self.goes_on) if self.goes_on else self.arguments


def with_data(folder: Path, root: Path) -> None:
    """Copy the built datasets into the folder."""
    shutil.copytree(root / "glyphs", folder / "data" / "glyphs")


def with_pictures(folder: Path, root: Path) -> None:
    """Write own images."""
    write_classes(folder / "pictures", dict.fromkeys(CLASSES, 20))


def with_own_dataset(folder: Path, root: Path) -> None:
    """Add a dataset of other own images, to be replaced."""
    write_classes(folder / "earlier", dict.fromkeys(CLASSES, 20), suffix="jpg")
    with_pictures(folder, root)
    call_fewbench(folder, folder / "data", "data", "add", "mine", "earlier")


def with_results(folder: Path, root: Path) -> None:
    """Save results of two learners, and one more in a folder of its own."""
    for number, learner in enumerate(("protonet", "maml")):
        result = build_honest(0.9, number, n_episodes=60, learner=learner)
        save_result(result, folder / "results")
    save_result(build_honest(0.8, 5, n_episodes=60, learner="anil"), folder / "other")


def with_report(folder: Path, root: Path) -> None:
    """Save results, and write the report of other ones."""
    with_results(folder, root)
    call_fewbench(folder, root, "report", "other", "--out", "out")


def with_one_result(folder: Path, root: Path) -> None:
    """Save the result of one learner."""
    save_result(build_honest(0.9, n_episodes=60), folder / "results")


def with_reference(folder: Path, root: Path) -> None:
    """Save a reference, and another result that may replace it."""
    save_result(build_honest(0.8, 3, n_episodes=60), folder / "results")
    call_fewbench(folder, root, *REGRESS, "--save", "--name", "it")
    save_result(build_honest(0.9, n_episodes=60), folder / "results", overwrite=True)


def with_earlier_results(folder: Path, root: Path) -> None:
    """Save other results under the names that the command will write."""
    call_fewbench(folder, root, *EVALUATE, "--way", "4", "--name", "centroid")
    for path in (folder / "out").iterdir():
        path.rename(path.with_name(path.name.replace("4w", "5w")))


def with_submission(folder: Path, root: Path) -> None:
    """Write a card and its results."""
    for result in two_seeds():
        save_result(result, folder / "results")
    for result in two_seeds(7):
        save_result(result, folder / "other")
    write_card(folder)


def with_bundle(folder: Path, root: Path) -> None:
    """Pack two submissions."""
    made_bundle(folder, "first", 0.9, n_episodes=60)
    made_bundle(folder, "second", 0.8, n_episodes=60)


def with_board(folder: Path, root: Path) -> None:
    """Make a board with two entries, and two more submissions."""
    made_board(folder, {"one": 0.7, "two": 0.6})
    shutil.rmtree(folder / "packed")
    with_bundle(folder, root)


def with_grid(folder: Path, root: Path) -> None:
    """Write two grids."""
    (folder / "grid.toml").write_text(SMALL)
    (folder / "both.toml").write_text(BOTH)


def with_shards(folder: Path, root: Path) -> None:
    """Do both shards of a grid, so that they can be merged."""
    with_grid(folder, root)
    for shard in ("1/2", "2/2"):
        call_fewbench(folder, root, *GRID, "--shard", shard)


def with_features(folder: Path, root: Path) -> None:
    """Fill the cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FEWBENCH_CACHE", str(folder / "cache"))
        call_fewbench(folder, root, *EMBED, "--split", "val")


EXISTS = "already exists, and is not overwritten"
ON_BOARD = "is on the board already"
WRITERS = [
    Writer("data build", ("data", "build", "glyphs"), own_data=True),
    Writer(
        "data build --rebuild",
        ("data", "build", "glyphs", "--rebuild"),
        with_data,
        own_data=True,
        together=("data/glyphs/",),
    ),
    Writer(
        "data add",
        ("data", "add", "mine", "pictures"),
        with_pictures,
        done="exists already",
        own_data=True,
    ),
    Writer(
        "data add --rebuild",
        ("data", "add", "mine", "pictures", "--rebuild"),
        with_own_dataset,
        own_data=True,
        together=("data/mine/",),
    ),
    Writer(
        "data convert",
        ("data", "convert", "glyphs", "--to", "cache", "--out", "out"),
        done=EXISTS,
        rival=("data", "convert", "glyphs", "--to", "torchmeta", "--out", "out"),
    ),
    Writer(
        "data show",
        ("data", "show", "glyphs", "--out", "out.png"),
        rival=("data", "show", "glyphs", "--split", "val", "--out", "out.png"),
        done="exists already",
    ),
    Writer(
        "data filters",
        ("data", "filters", "pictures", "--out", "out.png"),
        with_pictures,
        done="exists already",
    ),
    Writer(
        "protocol export",
        EXPORT,
        done="exists already",
        rival=(*EXPORT, "--seed", "3"),
    ),
    Writer("protocol export --overwrite", (*EXPORT, "--overwrite")),
    Writer(
        "train",
        TRAIN,
        goes_on="--resume",
        done="holds another run",
        rival=(*TRAIN, "--seed", "3"),
        varies=("run/train.csv",),
    ),
    Writer(
        "embed --out",
        (*EMBED, "--split", "val", "--out", "out"),
        done="holds other features",
        rival=(*EMBED, "--split", "test", "--out", "out"),
    ),
    Writer("embed", (*EMBED, "--split", "val")),
    Writer(
        "evaluate",
        EVALUATE,
        goes_on="--skip-existing",
        done="there is a result of this name already",
    ),
    Writer(
        "evaluate --overwrite",
        (*EVALUATE, "--overwrite"),
        with_earlier_results,
        together=("out/glyphs-5w1s", "out/glyphs-5w5s"),
    ),
    Writer(
        "report",
        ("report", "results", "--out", "out"),
        with_results,
        rival=("report", "other", "--out", "out"),
        together=("out/",),
    ),
    Writer(
        "report again",
        ("report", "results", "--out", "out"),
        with_report,
        together=("out/",),
    ),
    Writer(
        "regress --save",
        (*REGRESS, "--save", "--name", "it"),
        with_one_result,
        done="there is a reference of this name already",
    ),
    Writer(
        "regress --update",
        (*REGRESS, "--update", "--reason", "better"),
        with_reference,
        together=("refs/",),
    ),
    Writer("submission init", ("submission", "init"), done="is there already"),
    Writer(
        "submission pack",
        ("submission", "pack", "results", "--out", "m.fewbench.zip"),
        with_submission,
        rival=("submission", "pack", "other", "--out", "m.fewbench.zip"),
    ),
    Writer(
        "submission check", ("submission", "check", "first.fewbench.zip"), with_bundle
    ),
    Writer(
        "submission check --board",
        ("submission", "check", "first.fewbench.zip", "--board", "board"),
        with_board,
    ),
    Writer(
        "leaderboard init",
        ("leaderboard", "init", "board"),
        done="is a leaderboard already",
    ),
    Writer(
        "leaderboard add",
        ("leaderboard", "add", "board", "first.fewbench.zip"),
        with_board,
        done=ON_BOARD,
    ),
    Writer(
        "leaderboard withdraw",
        ("leaderboard", "withdraw", "board", "one", "--reason", "a mistake"),
        with_board,
        done="is withdrawn already",
    ),
    Writer(
        "leaderboard note",
        ("leaderboard", "note", "board", "one", "--objection", "why?"),
        with_board,
        done="the log says so already",
    ),
    Writer(
        "leaderboard verify --update",
        ("leaderboard", "verify", "board", "--update"),
        with_board,
    ),
    Writer(
        "leaderboard build",
        ("leaderboard", "build", "board", "--out", "site"),
        with_board,
    ),
    Writer("cache clear", ("cache", "clear", "--all"), with_features),
    Writer(
        "grid run",
        GRID,
        with_grid,
        rival=("grid", "run", "both.toml", "--out", "work", "--workers", "1"),
    ),
    Writer(
        "reproduce",
        ("reproduce", "protonet-snell17-omni-5w1s", "--rehearse", "--out", "out"),
        varies=("out/seed-0/train.csv",),
    ),
    Writer("grid merge", ("grid", "merge", "work"), with_shards),
    Writer(
        "quickstart",
        ("quickstart", "--steps", "2", "--out", "out"),
        varies=(
            "out/protonet/train.csv",
            "out/report/index.html",
            "out/report/results.csv",
            *(
                f"out/report/learning_curve_protonet.{end}"
                for end in ("pdf", "png", "svg")
            ),
        ),
    ),
]


def state_of(folder: Path) -> dict[str, str]:
    """Return name -> hash of all files below a folder, without what differs in each run."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        is_log = path.parent.name == "log" or path.name == ".fewbench"
        if path.is_file() and not is_log:
            found[name] = hashlib.sha256(_lasting(path)).hexdigest()[:16]
    return found


def modes_of(folder: Path) -> dict[str, int]:
    """Return name -> permissions of all files below a folder."""
    found = {}
    for path in folder.rglob("*"):
        if path.is_file():
            found[path.relative_to(folder).as_posix()] = path.stat().st_mode & 0o777
    return found


def _lasting(path: Path) -> bytes:
    """Return what is the same in each run of a command."""
    data = path.read_bytes()
    if path.suffix == ".safetensors":
        length = int.from_bytes(data[:8], "little")
        return data[8 + length :]
    # A killed process leaves unfinished files in its partial folder.
    if path.suffix == ".h5" and ".partial" not in str(path):
        return _content_of_split(path)
    if path.suffix in (".json", ".jsonl"):
        documents = [json.loads(data)] if path.suffix == ".json" else []
        documents += [json.loads(line) for line in data.splitlines() if not documents]
        return json.dumps(
            list(map(_without_varying, documents)), sort_keys=True
        ).encode()
    return data


def _content_of_split(path: Path) -> bytes:
    """Return a hash of everything in a split file but the times at which it was made."""
    digest = hashlib.sha256()
    with h5py.File(path) as file:
        for name, value in sorted(file.attrs.items()):
            digest.update(f"{name} {value}\n".encode())
        for name in sorted(file):
            digest.update(name.encode())
            values = np.asarray(file[name])
            if values.dtype == object:
                digest.update(repr(values.tolist()).encode())
            else:
                digest.update(values.tobytes())
    return digest.digest()


def _without_varying(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {key: one for key, one in value.items() if key not in _VARIES}
        return {key: _without_varying(one) for key, one in kept.items()}
    if isinstance(value, list):
        return [_without_varying(one) for one in value]
    return value
