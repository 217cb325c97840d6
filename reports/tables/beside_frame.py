"""Make the data frame of our results beside published numbers."""

from collections.abc import Iterable, Sequence

import pandas as pd

from ..published import MARGIN, Beside, PublishedNumber, pairs_beside
from ..records import RunResult


def beside_published(
    results: Iterable[RunResult],
    published: Sequence[PublishedNumber],
    margin: float = MARGIN,
) -> pd.DataFrame:
    """Return `pairs_beside` as a table with one row per pair.

    Accuracies are fractions. Nothing is rounded.
    """
    return beside_frame(pairs_beside(results, published, margin), margin)


def beside_frame(pairs: Iterable[Beside], margin: float) -> pd.DataFrame:
    """Return the pairs from `pairs_beside` as a table with one row per pair.

    margin: the margin that the pairs were made with
    """
    return pd.DataFrame([_row(pair, margin) for pair in pairs])


def _row(pair: Beside, margin: float) -> dict[str, object]:
    result = pair.result
    theirs = pair.published
    interval = pair.interval
    equivalence = pair.equivalence
    their_half_width = None
    if theirs.half_width is not None:
        their_half_width = theirs.half_width / 100
    return {
        "result": result.file_stem,
        "learner": result.learner,
        "train_seed": result.train_seed,
        "protocol": result.protocol.name,
        "ours": result.mean,
        "half_width": interval.half_width if interval else None,
        "kind": interval.kind if interval else None,
        "published": theirs.accuracy / 100,
        "published_half_width": their_half_width,
        "published_half_width_is": theirs.half_width_is,
        "difference": pair.difference,
        "difference_low": equivalence.low if equivalence else None,
        "difference_high": equivalence.high if equivalence else None,
        "margin": margin,
        "verdict": pair.verdict,
        "differs_in": "; ".join(pair.differs_in),
        "reference": theirs.reference,
        "backbone": theirs.backbone,
        "method": theirs.method,
        "variant": theirs.variant,
        "source": theirs.source,
        "url": theirs.url,
        "notes": theirs.notes,
        "published_id": theirs.id,
    }
