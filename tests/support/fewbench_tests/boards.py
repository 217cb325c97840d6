"""Small boards, with submissions whose answers are made up."""

from pathlib import Path
from typing import Any

from fewbench.benchmark.board.add import add_bundle
from fewbench.benchmark.board.folder import BoardFolder, make_board
from fewbench.benchmark.submission.pack import pack_submission

from .honest_results import build_honest
from .made_bundles import write_card


def made_bundle(
    folder: Path,
    entry: str,
    accuracy: float = 0.9,
    seeds: tuple[int, ...] = (0,),
    method: str = "",
    **changes: Any,
) -> Path:
    """Pack a submission on glyphs, whose answers are made up, and return its path.

    method: the name of the method; "" for the id of the entry
    """
    folder.mkdir(parents=True, exist_ok=True)
    card = write_card(
        folder,
        ('"ProtoNet"', f'"{method or entry}"'),
        ("seeds = [0, 1]", f"seeds = {list(seeds)}"),
    )
    results = []
    for seed in seeds:
        number = hash_of(entry) + seed
        results.append(
            build_honest(
                accuracy, rng_seed=number, train_seed=seed, learner=entry, **changes
            )
        )
    bundle = folder / f"{entry}.fewbench.zip"
    checked = pack_submission(results, card, bundle)
    assert checked.has_passed, checked.findings
    return bundle


def hash_of(entry: str) -> int:
    """Return a number that is the same in every process, and differs between entries."""
    return sum(ord(one) * 31**place for place, one in enumerate(entry)) % 10**6


def made_board(folder: Path, accuracies: dict[str, float]) -> BoardFolder:
    """Make a board with an entry of each accuracy."""
    board = make_board(folder / "board", "A board")
    for entry, accuracy in accuracies.items():
        bundle = made_bundle(folder / "packed", entry, accuracy)
        assert add_bundle(board, bundle).trust == "re-scored"
    return board
