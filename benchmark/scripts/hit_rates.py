"""Write the hit rate of each image of a split, from results of several learners.

python benchmark/scripts/hit_rates.py RESULT...

All results are on the same split. Each learner counts as much as any other, however many
episodes it answered. The table is written into benchmark/submission/hit_rates/.
"""

import io
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np

from fewbench import load_results
from fewbench.benchmark.submission.agreement import STEPS, drawn_parts, table_name
from fewbench.errors import UserError
from fewbench.files import write_bytes
from fewbench.reports.records import RunResult

FOLDER = Path(__file__).parents[1] / "submission" / "hit_rates"


def main(paths: list[str]) -> None:
    """Read all results, and write their table."""
    by_learner: dict[str, list[RunResult]] = defaultdict(list)
    results = load_results(*paths)
    for result in results:
        by_learner[result.learner].append(result)
    if len({(table_name(one.protocol), one.data_fingerprint) for one in results}) != 1:
        raise UserError("expected results on the same images, got several kinds")
    rates = np.mean([learner_rates(one) for one in by_learner.values()], axis=0)
    arrays = {
        "data_fingerprint": np.array(results[0].data_fingerprint),
        "rates": np.round(STEPS * rates).astype(np.uint8),
        "learners": np.array(sorted(by_learner)),
    }
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    path = FOLDER / table_name(results[0].protocol)
    write_bytes(path, buffer.getvalue())
    sys.stdout.write(f"wrote {path}, {len(buffer.getvalue()):,} bytes\n")


def learner_rates(results: list[RunResult]) -> np.ndarray:
    """Return the hit rate of each image: float64 (n_images,)

    An image that is never a query has the mean rate of all images.
    """
    n_images = int(results[0].class_sizes.sum())
    hits = np.zeros(n_images)
    asked = np.zeros(n_images)
    for result in results:
        start = 0
        for part in drawn_parts(result):
            end = start + len(part)
            images = part.query.ravel()
            right = result.hits[start:end].ravel()
            hits += np.bincount(images, right, n_images)
            asked += np.bincount(images, minlength=n_images)
            start = end
    mean = hits.sum() / asked.sum()
    return np.where(asked > 0, hits / np.maximum(asked, 1), mean)


if __name__ == "__main__":
    main(sys.argv[1:])
