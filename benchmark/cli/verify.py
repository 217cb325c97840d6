"""The command `fewbench verify`."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fewbench.documents import printable
from fewbench.errors import UserError

from .console import emit, progress_bars
from .options import FeaturesMember, Json, Root

if TYPE_CHECKING:
    from ..verification.report import VerifiedResult


def verify(
    results: Annotated[
        list[Path],
        typer.Argument(
            metavar="RESULT...",
            help="Results (.json files), or folders with results.",
        ),
    ],
    checkpoint: Annotated[
        str | None,
        typer.Option(
            metavar="WHAT",
            help="Learner of the results: a checkpoint, the folder of a training run, or "
            "module:factory. Some episodes are then answered again.",
        ),
    ] = None,
    root: Root = None,
    features: FeaturesMember = None,
    as_json: Json = False,
) -> None:
    """Check that results can be what they say.

    Whatever can be derived is derived again: hashes, the number of right
    answers, the episodes and their classes, the name of the protocol, and the
    size and the content hash of the split. With a learner and the images, some
    episodes are answered again.

    A check is passed, failed, or not possible. The exit code is 1 if a check
    failed.
    """
    from ...datasets.root import data_root
    from ...reports.result_files import find_documents
    from ..verification.report import verify_result

    if features is not None and checkpoint is None:
        raise UserError(
            f"--features {features}: has no effect without a learner: expected "
            f"--checkpoint module:factory, got none. Add it, or omit --features"
        )
    _refuse_references(results)
    paths = find_documents(results)
    place = data_root(root)
    with progress_bars() as progress:
        verified = [
            verify_result(path, place, checkpoint, progress, features) for path in paths
        ]
    emit(verified_document(verified), verified_text(verified), as_json)
    if not all(one.has_passed for one in verified):
        raise typer.Exit(1)


def _refuse_references(paths: list[Path]) -> None:
    """Raise UserError if a path is a reference of the guard, or a set of them."""
    from ..guard.references.reference_file import FILE_NAME

    for path in paths:
        is_reference = path.name == FILE_NAME or (path / FILE_NAME).is_file()
        if is_reference or any(path.glob(f"*/{FILE_NAME}")):
            raise UserError(
                f"{path}: expected results, got references. They are checked whenever "
                f"a result is judged by them: fewbench regress RESULT --reference "
                f"{shlex.quote(str(path))}"
            )


def verified_document(verified: "list[VerifiedResult]") -> dict[str, Any]:
    """Return all checks as JSON."""
    results = []
    for one in verified:
        checks = [check._asdict() for check in one.checks]
        results.append(
            {"path": str(one.path), "passed": one.has_passed, "checks": checks}
        )
    return {"passed": all(one.has_passed for one in verified), "results": results}


def verified_text(verified: "list[VerifiedResult]") -> str:
    """Return a table of checks for each result, and the number that passed."""
    from ...reports.tables.text import text_table

    blocks = []
    for one in verified:
        rows = [list(check) for check in one.checks]
        table = text_table(["", "check", "detail"], [[r[1], r[0], r[2]] for r in rows])
        verdict = "no check failed" if one.has_passed else "FAILED"
        head = printable(f"{one.path}: {verdict}")
        blocks.append(f"{head}\n{table}")
    if len(verified) > 1:
        n_passed = sum(one.has_passed for one in verified)
        blocks.append(f"{n_passed} of {len(verified)} results passed")
    return "\n\n".join(blocks)
