"""The command `fewbench regress`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fewbench.errors import UserError

from .console import emit
from .inputs import load_in_order
from .options import Json
from .percent import points, risk

if TYPE_CHECKING:
    from ...reports.records import RunResult
    from ..guard.verdict import Rules


def regress(
    results: Annotated[
        list[Path],
        typer.Argument(
            metavar="RESULT...",
            help="New results (.json files), or folders with results.",
        ),
    ],
    reference: Annotated[
        Path,
        typer.Option(
            metavar="PATH",
            help="What to compare with: a set of references such as accuracy/reference, "
            "one reference, or an older result (.json).",
        ),
    ],
    margin: Annotated[
        float,
        typer.Option(
            parser=points,
            metavar="POINTS",
            help="Largest drop that is of no interest, e.g. 0.5%.",
        ),
    ] = "0.5%",  # pyright: ignore[reportArgumentType] - Typer parses it
    alpha: Annotated[
        float,
        typer.Option(
            parser=risk,
            metavar="PERCENT",
            help="Risk of a false alarm of the whole command, e.g. 5%.",
        ),
    ] = "5%",  # pyright: ignore[reportArgumentType] - Typer parses it
    fail: Annotated[
        str | None,
        typer.Option(
            metavar="RULE",
            help="What fails: identical (any changed prediction), significant (any drop "
            "that chance does not explain) or drop:0.5% (only surely larger drops). "
            "Default: identical on an equal machine, else significant.",
        ),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 1 also if undecided.")
    ] = False,
    save: Annotated[
        bool,
        typer.Option(
            "--save", help="Save the results as a new reference. Needs --name."
        ),
    ] = False,
    name: Annotated[
        str | None,
        typer.Option(help="Name of the reference to save, or to compare with."),
    ] = None,
    retrained: Annotated[
        bool,
        typer.Option(
            "--retrained",
            help="With --save or --update: the results are 3 or more training runs of one "
            "recipe, with different seeds.",
        ),
    ] = False,
    update: Annotated[
        bool,
        typer.Option("--update", help="Replace the reference. Needs --reason."),
    ] = False,
    reason: Annotated[
        str, typer.Option(help="With --update: why the new accuracy is accepted.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Tell whether results became worse than an accepted reference.

    The same model is compared with its reference prediction by prediction.
    Newly trained runs are compared with the spread of the reference's runs.

    The exit code is 0 for pass, improved and undecided, 1 for fail, and 2 if
    the data, the episodes or the protocol differ from the reference's.
    """
    from ..guard.references.find_references import find_references, only_named
    from ..guard.regress import checks_of, judge_all
    from .describe_regress import checks_document, checks_text

    rules = _rules(margin, alpha, fail)
    _check_options(save, update, name, reason, retrained)
    loaded = load_in_order(results)
    if save or update:
        _write(loaded, reference, name, reason, retrained=retrained, as_json=as_json)
        return
    references = only_named(find_references(reference), name)
    judged = judge_all(checks_of(loaded, references), rules)
    emit(checks_document(judged, rules), checks_text(judged, rules), as_json)
    if not all(verdict.passes(strict=strict) for _, verdict in judged):
        raise typer.Exit(1)


def _rules(margin: float, alpha: float, fail: str | None) -> "Rules":
    from ..guard.fail_option import parse_fail
    from ..guard.verdict import Rules

    choice = parse_fail("--fail", fail)
    return Rules(margin, alpha, choice.fail, choice.drop)


def _write(
    loaded: "list[RunResult]",
    place: Path,
    name: str | None,
    reason: str,
    *,
    retrained: bool,
    as_json: bool,
) -> None:
    """Save a new reference, or replace one if there is a reason."""
    from ..guard.references.find_references import find_references, only_named
    from ..guard.regress import save_new
    from ..guard.regress import update as replace
    from .describe_regress import dropped_text, saved_document, saved_text

    dropped = ""
    if reason:
        references = only_named(find_references(place), name)
        saved = replace(loaded, references, reason, retrained=retrained)
        dropped = dropped_text(references, saved)
    else:
        kind = "retrained" if retrained else "same"
        saved = save_new(loaded, place, name or "", kind)
    text = f"{saved_text(saved)}\n{dropped}".rstrip()
    emit(saved_document(saved), text, as_json)


def _check_options(
    save: bool, update: bool, name: str | None, reason: str, retrained: bool
) -> None:
    """Raise UserError for options that do not fit together."""
    if save and update:
        raise UserError(
            "--save: expected either --save for a new reference or --update for an old "
            "one, got both. Omit one of them"
        )
    if save and not name:
        raise UserError(
            "--save: a reference needs a name: expected --name NAME, got none. Type for "
            "example --save --name protonet"
        )
    if update and not reason.strip():
        raise UserError(
            "--update: a reference is replaced only for a reason: expected --reason TEXT, "
            "got none. Type for example --update --reason 'larger images'"
        )
    if reason and not update:
        raise UserError(
            "--reason: has no effect without --update. Add --update, or omit --reason"
        )
    if retrained and not (save or update):
        raise UserError(
            "--retrained: has no effect without --save or --update, since the reference "
            "says what it is. Omit --retrained"
        )
