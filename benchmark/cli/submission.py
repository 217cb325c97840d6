"""The commands `init`, `pack` and `check` of `fewbench submission`."""

import shlex
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fewbench.errors import UserError

from .console import emit, progress_bars, say
from .inputs import load_in_order, require_folder_of
from .options import Json, Root

if TYPE_CHECKING:
    from ..board.folder import BoardFolder
    from ..submission.check import CheckedSubmission
    from ..submission.enclosed import EnclosedRun
    from ..submission.findings import Finding
    from ..submission.rerun_record import Rerun

app = typer.Typer(
    help="Pack results for a leaderboard, and check what others packed.",
    no_args_is_help=True,
)


@app.command()
def init(
    out: Annotated[
        Path, typer.Option(metavar="FILE", help="The file to write.")
    ] = Path("submission.toml"),
) -> None:
    """Write a card to fill in: what a board asks about a method."""
    from fewbench.files import write_text
    from fewbench.locks import only_writer_of

    from ..submission.card import card_template

    require_folder_of(out)
    with only_writer_of(out):
        if out.exists():
            raise UserError(
                f"{out}: is there already: expected a new name, got that of a file. Type "
                f"for example --out other.toml, or edit this file"
            )
        write_text(out, card_template())
    say(
        f"wrote {out}: fill it in, then: fewbench submission pack RESULT... --card "
        f"{shlex.quote(str(out))}"
    )


@app.command()
def pack(
    results: Annotated[
        list[Path],
        typer.Argument(
            metavar="RESULT...",
            help="A result for each protocol and training seed (.json files), or folders.",
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(metavar="FILE", help="The bundle to write: NAME.fewbench.zip."),
    ],
    card: Annotated[
        Path,
        typer.Option(metavar="FILE", help="The card, from fewbench submission init."),
    ] = Path("submission.toml"),
    runs: Annotated[
        list[Path] | None,
        typer.Option(
            "--run",
            metavar="FOLDER",
            help="Add the recipe and the log of a training run. May be given for each seed.",
        ),
    ] = None,
    checkpoints: Annotated[
        bool,
        typer.Option(
            "--checkpoints", help="Add the checkpoints of these runs as well."
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Pack results and a card into one file, which anybody can check.

    Paths and user names are removed. The file is checked as a maintainer checks
    it, and is only written if there is no error. Else the exit code is 1.
    """
    from ..submission.pack import pack_submission
    from ..submission.verdict import verdict_on
    from .describe_findings import verdict_document, verdict_text

    require_folder_of(out)
    enclosed = _enclose(runs or [], checkpoints=checkpoints)
    checked = pack_submission(load_in_order(results), card, out, enclosed)
    verdict = verdict_on(checked)
    emit(verdict_document(verdict), verdict_text(verdict), as_json)
    if not checked.has_passed:
        say(f"{out} was not written")
        raise typer.Exit(1)
    say(f"wrote {out}")


@app.command()
def check(
    bundle: Annotated[
        Path, typer.Argument(metavar="FILE", help="The bundle: NAME.fewbench.zip.")
    ],
    board: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="A leaderboard: also look for the same answers among its entries, and "
            "keep the verdict there.",
        ),
    ] = None,
    rerun: Annotated[
        bool,
        typer.Option(
            "--rerun",
            help="Evaluate the checkpoints again, on the episodes of the bundle and on 600 "
            "fresh ones. This needs the images.",
        ),
    ] = False,
    checkpoints: Annotated[
        list[Path] | None,
        typer.Option(
            "--checkpoint",
            metavar="FILE",
            help="With --rerun: a checkpoint that is not in the bundle. May be repeated.",
        ),
    ] = None,
    data: Root = None,
    as_json: Json = False,
) -> None:
    """Check a submission, and report all that was found.

    The episodes are drawn again, and every number is computed again from the
    predictions. Without --rerun, this needs neither the model nor the images.
    The exit code is 1 if there is an error.

    The verdict is written into a folder verdicts/ beside the bundle, or into
    the board.
    """
    from ..board.add import earlier_reruns, with_findings
    from ..board.folder import BoardFolder
    from ..submission.check import check_submission
    from ..submission.verdict import save_verdict, verdict_on
    from .describe_findings import verdict_document, verdict_text

    if checkpoints and not rerun:
        raise UserError(
            "--checkpoint: has no effect without --rerun: expected both, got one. Add "
            "--rerun"
        )
    if board is not None:
        BoardFolder(board).settings()
    checked = check_submission(bundle)
    reruns: list[Rerun] = []
    remarks: list[Finding] = []
    if rerun and checked.has_passed:
        reruns, remarks = _rerun(bundle, checked, data, checkpoints or [])
    with BoardFolder(board).writing() if board is not None else nullcontext():
        if board is not None:
            remarks += _beside(checked, bundle, BoardFolder(board))
            reruns = reruns or earlier_reruns(BoardFolder(board), checked.sha256)
        verdict = verdict_on(checked, reruns)
        shown = with_findings(verdict, remarks)
        emit(verdict_document(shown), verdict_text(shown), as_json)
        # A board keeps no verdict on what it cannot take, unless a checkpoint was
        # evaluated. There is none on a file of which nothing could be read.
        is_kept = board is None or verdict.reruns or shown.trust != "refused"
        is_bundle = checked.card is not None or checked.results
        if is_kept and is_bundle:
            folder = board if board is not None else bundle.parent
            path = save_verdict(verdict, folder / "verdicts")
            say(f"wrote {path}")
    if shown.trust == "refused":
        raise typer.Exit(1)


def _beside(
    checked: "CheckedSubmission", bundle: Path, board: "BoardFolder"
) -> "list[Finding]":
    """Check a submission beside the entries of a board."""
    from ..board.add import entry_id
    from ..board.duplicates import against_board, check_protocols, neighbours
    from ..board.entries import listed_entries
    from ..board.log import read_log

    entry = entry_id(bundle)
    found = list(against_board(checked, entry, neighbours(board)))
    if entry not in listed_entries(read_log(board.log)):
        found += check_protocols(board, checked)
    return found


def _rerun(
    bundle: Path, checked: "CheckedSubmission", data: Path | None, more: list[Path]
) -> "tuple[list[Rerun], list[Finding]]":
    from ...datasets.root import data_root
    from ..submission.rerun import rerun_submission

    place = data_root(data)
    with progress_bars() as progress:
        return rerun_submission(bundle, checked, place, more, progress)


def _enclose(runs: list[Path], *, checkpoints: bool) -> "list[EnclosedRun]":
    from ..submission.enclosed import enclose_run

    if checkpoints and not runs:
        raise UserError(
            "--checkpoints: has no effect without training runs: expected --run FOLDER, got "
            "none. Add the folder of each training run"
        )
    return [enclose_run(run, checkpoint=checkpoints) for run in runs]
