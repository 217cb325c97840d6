"""How long a report on 5,000 results takes, and how soon its page shows a number.

    python tests/heavy/scale_of_a_report.py FOLDER

One result is evaluated: centroid on glyphs, 1,000 episodes. The others are made of it, with
more errors, under the names of 10 protocols, 25 learners and 20 training seeds.
The folder gets the results, about 200 MB, and the report. A folder with results keeps them.
"""

import resource
import statistics
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from fewbench.reports.records import RunResult, count_correct
from fewbench.reports.result_files import load_result, save_result
from fewbench_tests.chromium import opened_browser

N_RESULTS = 5000
N_PROTOCOLS = 10
N_LEARNERS = 25
TIMES = 3
FIRST_NUMBER = """() => performance.getEntriesByType("paint")
    .find(({ name }) => name === "first-contentful-paint").startTime"""


def main(folder: Path) -> None:
    """Make the results, then time the command and the page."""
    results = folder / "results"
    if not results.exists():
        evaluated = evaluate(folder)
        for number in range(N_RESULTS):
            save_result(made(evaluated, number), results)
    for number in range(TIMES):
        timed(results, folder / f"report{number}")
    page = folder / "report0" / "index.html"
    say(f"page: {page.stat().st_size / 1e6:.2f} MB")
    first_number(page)


def evaluate(folder: Path) -> RunResult:
    """Evaluate centroid on glyphs."""
    root = str(folder / "data")
    out = str(folder / "evaluated")
    run("data", "build", "glyphs", "--root", root)
    place = ("--root", root, "--out", out)
    run("evaluate", "centroid", "--protocol=glyphs-5w1s", "--episodes=1000", *place)
    (document,) = Path(out).glob("*.json")
    return load_result(document)


def made(start: RunResult, number: int) -> RunResult:
    """Return the result with a number: the answers of another result, with more errors."""
    place, protocol = divmod(number, N_PROTOCOLS)
    seed, learner = divmod(place, N_LEARNERS)
    rng = np.random.default_rng(number)
    wrong = rng.random(start.predictions.shape) < 0.01 * (1 + learner)
    predictions = np.where(wrong, 4, start.predictions).astype(np.uint8)
    return replace(
        start,
        protocol=replace(start.protocol, name=f"scale-{protocol}"),
        learner=f"learner-{learner}",
        train_seed=seed,
        predictions=predictions,
        correct=count_correct(predictions, start.protocol.n_way),
        calibration=None,
    )


def timed(results: Path, out: Path) -> None:
    """Write the report in a process of its own, and print its time and peak memory."""
    started = time.perf_counter()
    run("report", str(results), "--out", str(out))
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**10
    say(f"report: {seconds:.1f} s, peak so far {peak:.0f} MiB")


def run(*arguments: str) -> None:
    """Run a command of fewbench, and stop with what it says if it fails."""
    command = [sys.executable, "-m", "fewbench", *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr[-2000:])


def first_number(page: Path) -> None:
    """Print when the browser painted first; the first rows are part of that picture."""
    taken = []
    with opened_browser() as browser:
        for _ in range(TIMES):
            tab = browser.new_page(viewport={"width": 1400, "height": 900})
            tab.goto(page.resolve().as_uri())
            assert tab.locator("td.number a").first.is_visible()
            taken.append(tab.evaluate(FIRST_NUMBER))
            tab.close()
    say(f"first number on screen: {statistics.median(taken):.0f} ms")


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
