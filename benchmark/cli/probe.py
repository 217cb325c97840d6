"""The command `fewbench probe`."""

import math
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import completion
from .console import emit
from .image_options import Invert, Mean, Size, Std, Transform, preparation_of
from .options import (
    Backend,
    FeaturesMember,
    Json,
    LearnerName,
    Root,
    Statistics,
    TestSettings,
    named_settings,
)
from .weights_options import Backbone, Drop, Head, Width, say_weights, weights_choice

if TYPE_CHECKING:
    from ...baselines.evaluation.findings import Findings


def probe(
    what: LearnerName,
    protocol: Annotated[
        str,
        typer.Option(
            help="Name of a protocol. `fewbench protocol list` shows all.",
            autocompletion=completion.protocols,
        ),
    ],
    backbone: Backbone = None,
    width: Width = None,
    head: Head = None,
    drop: Drop = None,
    settings: TestSettings = None,
    size: Size = None,
    transform: Transform = None,
    mean: Mean = None,
    std: Std = None,
    invert: Invert = False,
    features: FeaturesMember = None,
    statistics: Statistics = None,
    backend: Backend = None,
    root: Root = None,
    as_json: Json = False,
) -> None:
    """Test whether a learner's answer for a query image depends on other query images.

    If the answer depends on them, the learner is transductive. If not, it is
    inductive. If the answers are random, the verdict can be "cannot be told".
    Some images and episodes, drawn by chance, are then shown again in another order.
    """
    from ..episodes import find_episodes
    from ..evaluate import probe as probe_model
    from ..models import Loading, load_model
    from ..preparing import prepared_stream

    preparation = preparation_of(size, transform, mean, std, invert)
    stream = prepared_stream(find_episodes(protocol, root), preparation)
    named = named_settings(statistics=statistics, backend=backend)
    loading = Loading(
        settings=(*(settings or ()), *named),
        features=features,
        weights=weights_choice(backbone, width, head, drop),
        image_shape=stream.view.image_shape,
    )
    learner = load_model(what, loading)
    say_weights(learner.card)
    found = probe_model(learner, stream)
    emit(probe_document(found), probe_text(found), as_json)


def probe_document(found: "Findings") -> dict[str, Any]:
    """Return the measurements and the verdict as JSON.

    NaN and infinity become None, because JSON has neither. They mean that the learner
    refused the episode.
    """
    worst = found.worst
    document: dict[str, Any] = {
        "transductive": found.transductive,
        "verdict": found.verdict,
        "order": found.order,
        "state": found.state,
        "determinism": found.deterministic,
        "distinct": found.distinct,
    }
    moves = {
        "repeated": worst.repeated,
        "shuffled": worst.shuffled,
        "exchanged": worst.exchanged,
        "dropped": worst.dropped,
    }
    for name, move in moves.items():
        document[name] = move if math.isfinite(move) else None
    return document


def probe_text(found: "Findings") -> str:
    """Return a table of the changes in the scores, the checks and the verdict, as text."""
    from ...reports.tables.text import text_table

    worst = found.worst
    rows = [
        ["nothing changed", f"{worst.repeated:.2g}"],
        ["others shuffled", f"{worst.shuffled:.2g}"],
        ["others exchanged", f"{worst.exchanged:.2g}"],
        ["others dropped", f"{worst.dropped:.2g}"],
    ]
    header = ["query images", "largest change of a score / standard deviation"]
    checks = [
        ["images and episodes in another order", _same(found.order)],
        ["the first episodes, at the end", _same(found.state)],
        ["an episode twice", _same(found.deterministic)],
    ]
    moves = text_table(header, rows)
    again = text_table(["asked again", "answers"], checks)
    return f"{moves}\n\n{again}\n\n{found.verdict}"


def _same(passed: bool | None) -> str:
    if passed is None:
        return "unknown"
    return "the same" if passed else "others"
