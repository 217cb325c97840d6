"""How long a board of 1,000 entries takes: the first check and build, and one more entry.

    python tests/heavy/scale_of_a_board.py FOLDER

Each entry has 75 predictions for each of 10,000 episodes, which are made up. There are ten
protocols with 100 entries each. The folder gets the board and the site, about 1 GB.
"""

import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from fewbench.benchmark.board.folder import make_board
from fewbench.benchmark.board.log import Event, append_event
from fewbench.benchmark.submission.bundle_bytes import bundle_sha256
from fewbench_tests.boards import made_bundle

N_ENTRIES = 1000
SHOTS = range(1, 11)


def main(folder: Path) -> None:
    """Make the board, then time each command in a process of its own."""
    folder.mkdir(parents=True)
    board = make_board(folder / "board", "A large board")
    for number in range(N_ENTRIES + 1):
        bundle = made(folder / "packed", number)
        if number < N_ENTRIES:
            put(board, bundle)
    last = folder / "packed" / f"entry-{N_ENTRIES}.fewbench.zip"
    place = str(board.path)
    timed("check all", "leaderboard", "verify", place, "--update")
    timed("build", "leaderboard", "build", place, "--out", str(folder / "site"))
    timed("one more: add", "leaderboard", "add", place, str(last))
    timed(
        "one more: build", "leaderboard", "build", place, "--out", str(folder / "site")
    )


def made(folder: Path, number: int) -> Path:
    """Pack the submission with a number; its accuracy and its protocol follow from it."""
    shot = SHOTS[number % len(SHOTS)]
    accuracy = 0.5 + 0.4 * float(np.random.default_rng(number).random())
    entry = f"entry-{number}"
    return made_bundle(
        folder,
        entry,
        accuracy,
        dataset="miniimagenet",
        name=f"miniimagenet-5w1s-{shot}shot" if shot > 1 else "miniimagenet-5w1s",
        n_shot=shot,
        n_episodes=10_000,
        data_fingerprint="ab" * 32,
    )


def put(board, bundle: Path) -> None:
    """Put a bundle into a board without a verdict, as a copy of a repository may have it."""
    entry = bundle.name.removesuffix(".fewbench.zip")
    target = board.bundle(entry)
    target.parent.mkdir(exist_ok=True)
    bundle.rename(target)
    sha256 = bundle_sha256(target)
    event = Event(date="2026-11-26", action="added", entry=entry, bundle_sha256=sha256)
    append_event(board.log, event)


def timed(what: str, *arguments: str) -> None:
    """Run a command, and print its time and its peak memory."""
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "fewbench", *arguments], capture_output=True, text=True
    )
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
    sys.stdout.write(f"{what}: {seconds:.1f} s, peak so far {peak:.2f} GiB\n")
    sys.stdout.flush()
    if done.returncode:
        sys.exit(done.stderr[-2000:])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
