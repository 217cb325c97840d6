"""Measure how sensitive the guard against accuracy regressions is.

    python tests/heavy/sensitivity train --out DIR
    python tests/heavy/sensitivity evaluate --out DIR --builds DIR \\
        --omniglot CHECKPOINT --miniimagenet CHECKPOINT
    python tests/heavy/sensitivity tables --out DIR

The datasets are those of FEWBENCH_DATA. A measurement that was stopped goes on where it
stopped. With --only, it measures some defects first. The folder of --builds holds two
more builds of Omniglot: rebuilt/omniglot, and nearest/omniglot-nearest, which is built
with --resampling nearest. The checkpoints are of ProtoNets.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from evaluations import Evaluations, evaluation_units
from measured_units import measure
from sensitivity_tables import document
from trainings import Trainings, training_units

from fewbench.datasets.root import data_root


def main() -> None:
    arguments = parse()
    out = arguments.out
    if arguments.what == "train":
        trainings = Trainings(out / "trainings")
        units = chosen(training_units(), 0, arguments.only)
        measure(out / "trainings.jsonl", units, trainings.run)
    elif arguments.what == "evaluate":
        evaluate(arguments)
    else:
        sys.stdout.write(document(out))


def evaluate(arguments: argparse.Namespace) -> None:
    out = arguments.out
    checkpoints = {
        "omniglot": arguments.omniglot,
        "miniimagenet": arguments.miniimagenet,
    }
    given = {name: path for name, path in checkpoints.items() if path}
    evaluations = Evaluations(
        out / "evaluations", data_root(None), given, arguments.builds
    )
    units = chosen(evaluation_units(list(given)), 1, arguments.only)
    measure(out / "evaluations.jsonl", units, evaluations.run)


def chosen(
    units: Iterator[tuple[str, str]], place: int, only: list[str]
) -> Iterator[tuple[str, str]]:
    """Yield the units of some defects, or all units if `only` is empty.

    place: the place of the defect in a unit
    """
    return (unit for unit in units if not only or unit[place] in only)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["train", "evaluate", "tables"])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--only", nargs="*", default=[], metavar="DEFECT")
    parser.add_argument("--builds", type=Path)
    parser.add_argument("--omniglot", type=Path)
    parser.add_argument("--miniimagenet", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    main()
