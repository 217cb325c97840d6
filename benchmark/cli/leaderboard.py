"""The commands of `fewbench leaderboard`."""

import shlex
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fewbench.documents import counted, in_lines
from fewbench.errors import UserError
from fewbench.folders import refuse_taken

from .console import emit, say
from .options import Json

if TYPE_CHECKING:
    from ..board.log import Action

app = typer.Typer(
    help="Run a leaderboard from a folder of files.", no_args_is_help=True
)
Folder = Annotated[
    Path, typer.Argument(metavar="FOLDER", help="The folder of the board.")
]
EntryName = Annotated[
    str, typer.Argument(metavar="ENTRY", help="The id of an entry of the board.")
]


@app.command()
def init(
    folder: Folder,
    title: Annotated[
        str, typer.Option(help="The title of the pages.")
    ] = "Few-shot image classification",
) -> None:
    """Make the folder of a new board, with rules that can be used as they are."""
    from ..board.folder import make_board

    make_board(folder, title)
    say(
        f"wrote {folder}: read its rules.md, then: fewbench leaderboard add "
        f"{shlex.quote(str(folder))} FILE"
    )


@app.command()
def add(
    folder: Folder,
    bundle: Annotated[
        Path, typer.Argument(metavar="FILE", help="The submission: NAME.fewbench.zip.")
    ],
    replaces: Annotated[
        str,
        typer.Option(metavar="ENTRY", help="The entry that this one replaces."),
    ] = "",
    remark: Annotated[str, typer.Option(help="A remark for the log.")] = "",
    as_json: Json = False,
) -> None:
    """Check a submission, and add it to the board if there is no error.

    The name of the file becomes the id of the entry. The exit code is 1 if
    there is an error.
    """
    from ..board.add import add_bundle
    from ..board.folder import BoardFolder
    from .describe_findings import verdict_document, verdict_text

    verdict = add_bundle(BoardFolder(folder), bundle, replaces, remark)
    emit(verdict_document(verdict), verdict_text(verdict), as_json)
    if verdict.trust == "refused":
        say(f"{bundle.name} was not added")
        raise typer.Exit(1)
    board = shlex.quote(str(folder))
    say(f"added it. To see the pages: fewbench leaderboard build {board} --out site")


@app.command()
def withdraw(
    folder: Folder,
    entry: EntryName,
    reason: Annotated[str, typer.Option(help="Why; the pages show it.")],
) -> None:
    """Withdraw an entry. It stays on its page, greyed and without a rank."""
    _record(folder, "withdrawn", entry, reason)


@app.command()
def note(
    folder: Folder,
    entry: EntryName,
    objection: Annotated[
        str, typer.Option(metavar="TEXT", help="What somebody objects to.")
    ] = "",
    verdict: Annotated[
        str, typer.Option(metavar="TEXT", help="The verdict on an objection.")
    ] = "",
    retrained: Annotated[
        str,
        typer.Option(
            metavar="URL",
            help="Where the training lies that reached this accuracy again. The entry "
            "is then marked as re-trained.",
        ),
    ] = "",
) -> None:
    """Write an objection, a verdict or a link about an entry into the log."""
    choices: list[tuple[Action, str]] = [
        ("objection", objection),
        ("verdict", verdict),
        ("re-trained", retrained),
    ]
    given: list[tuple[Action, str]] = [one for one in choices if one[1]]
    if len(given) != 1:
        raise typer.BadParameter(
            f"expected one of --objection, --verdict and --retrained, got {len(given)}"
        )
    for action, text in given:
        _record(folder, action, entry, text)


@app.command()
def verify(
    folder: Folder,
    base: Annotated[
        str,
        typer.Option(
            metavar="COMMIT",
            help="The branch that a pull request goes to: check only what is new, and "
            "that nothing is dropped or changed.",
        ),
    ] = "",
    update: Annotated[
        bool,
        typer.Option(
            "--update",
            help="Write verdicts that are missing, or of older checks, again.",
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Check a board, and report all that was found.

    Without --base, every submission is checked again. The exit code is 1 if
    there is an error.
    """
    from ..board.folder import BoardFolder
    from ..board.verify import Scope, verify_board

    findings = verify_board(BoardFolder(folder), Scope(base, update))
    n_errors = sum(one.level == "error" for one in findings)
    lines = [one.line for one in findings]
    lines.append(f"{folder}: {counted(n_errors, 'error') if n_errors else 'no error'}")
    document = {
        "passed": not n_errors,
        "findings": [asdict(one) for one in findings],
    }
    emit(document, in_lines(lines), as_json)
    if n_errors:
        raise typer.Exit(1)


@app.command()
def build(
    folder: Folder,
    out: Annotated[
        Path, typer.Option(metavar="FOLDER", help="The folder for the pages.")
    ],
) -> None:
    """Write the pages of a board from its verdicts.

    The pages work when they are opened from the disk, and load nothing from the
    network. The same board gives the same bytes.
    """
    from ...reports.leaderboard.site import write_site
    from ..board.folder import BoardFolder
    from ..board.pages import load_board

    if out.resolve().is_relative_to(folder.resolve()):
        raise UserError(
            f"--out {out}: lies in the board: expected a folder outside it, got one of its "
            f"own. Type for example --out site"
        )
    refuse_taken(out, "index.html", "style.css", "board.js", "compare.js")
    board = load_board(BoardFolder(folder))
    write_site(board, out)
    for entry, reason in board.missing.items():
        say(f"left out: {entry}: {reason}")
    say(f"wrote {out / 'index.html'}")


def _record(folder: Path, action: "Action", entry: str, text: str) -> None:
    from ..board.add import record
    from ..board.folder import BoardFolder

    record(BoardFolder(folder), action, entry, text)
    say(f"{entry}: {action}")
