"""The command `fewbench probe`."""

import math
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .console import emit
from .image_options import Mean, Size, Std, Transform, preparation_of
from .options import Backend, Json, LearnerName, Root, Statistics, named_settings

if TYPE_CHECKING:
    from ...baselines.evaluation.probe import Probe


def probe(
    what: LearnerName,
    protocol: Annotated[
        str,
        typer.Option(help="Name of a protocol. `fewbench protocol list` shows all."),
    ],
    size: Size = None,
    transform: Transform = None,
    mean: Mean = None,
    std: Std = None,
    statistics: Statistics = None,
    backend: Backend = None,
    root: Root = None,
    as_json: Json = False,
) -> None:
    """Test whether a learner's answer for a query image depends on other query images.

    If the answer depends on them, the learner is transductive. If not, it is
    inductive. If the answers are random, the verdict can be "cannot be told".
    """
    from ..evaluate import probe as probe_model
    from ..models import Loading, load_model

    settings = named_settings(statistics=statistics, backend=backend)
    learner = load_model(what, Loading(settings=tuple(settings)))
    preparation = preparation_of(size, transform, mean, std)
    found = probe_model(learner, protocol, preparation=preparation, root=root)
    emit(probe_document(found), probe_text(found), as_json)


def probe_document(found: "Probe") -> dict[str, Any]:
    """Return the measurements and the verdict as JSON.

    A NaN means that the learner refused the episode with fewer query images. It becomes
    None, because JSON has no NaN.
    """
    document: dict[str, Any] = {
        "transductive": found.transductive,
        "verdict": found.verdict,
    }
    moves = {
        "repeated": found.repeated,
        "shuffled": found.shuffled,
        "exchanged": found.exchanged,
        "dropped": found.dropped,
    }
    for name, move in moves.items():
        document[name] = None if math.isnan(move) else move
    return document


def probe_text(found: "Probe") -> str:
    """Return a table of the changes in the scores, and the verdict, as text."""
    from ...reports.tables.text import text_table

    rows = [
        ["nothing changed", f"{found.repeated:.2g}"],
        ["others shuffled", f"{found.shuffled:.2g}"],
        ["others exchanged", f"{found.exchanged:.2g}"],
        ["others dropped", f"{found.dropped:.2g}"],
    ]
    header = ["query images", "largest change of a score / standard deviation"]
    return f"{text_table(header, rows)}\n\n{found.verdict}"
