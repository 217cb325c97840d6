"""Pack results and a card into a bundle, which anybody can check."""

import hashlib
import json
import shlex
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path

from fewbench.documents import DocumentError, parse_toml, read_bytes
from fewbench.errors import UserError
from fewbench.files import write_bytes
from fewbench.folders import temporary_directory
from fewbench.locks import only_writer_of

from ...reports.records import RunResult
from ...reports.result_files import save_result
from .bundle import bundle_bytes
from .check import CheckedSubmission, check_submission
from .contents import DOCUMENT, FORMAT, RESULTS, SCHEMA_VERSION, SUFFIX
from .enclosed import EnclosedRun
from .privacy import scrubbed


def pack_submission(
    results: Sequence[RunResult],
    card: Path,
    out: Path,
    runs: Iterable[EnclosedRun] = (),
) -> CheckedSubmission:
    """Write a bundle, unless a check finds an error. Return what the checks found.

    The bundle is checked by the code that the maintainers of a board use. If there is an
    error, no file is written, and a file of this name stays as it was.
    card: the path of submission.toml
    out: the bundle to write; its name ends in .fewbench.zip
    runs: the training runs whose recipes and logs are enclosed
    Raises UserError if the card is no TOML, or if the name does not fit.
    Raises Busy if another process is writing `out`.
    """
    if not out.name.endswith(SUFFIX) or out.name == SUFFIX:
        raise UserError(
            f"{out}: expected a name that ends in {SUFFIX}, got {out.name}. Type for "
            f"example --out my-method{SUFFIX}"
        )
    answers = _read_toml(card)
    files = _result_files(map(scrubbed, results))
    for run in runs:
        enclosed = run.files()
        if files.keys() & enclosed.keys():
            raise UserError(
                f"--run: two training runs have the seed {run.seed}: expected one for each "
                f"seed, got another one. Leave out one of the two folders"
            )
        files |= enclosed
    files[DOCUMENT] = _document(answers, files)
    with (
        only_writer_of(out),
        temporary_directory("fewbench-pack-") as temporary,
    ):
        trial = temporary / out.name
        data = bundle_bytes(files)
        trial.write_bytes(data)
        checked = check_submission(trial, card.name)
        if checked.has_passed:
            write_bytes(out, data, durable=True)
    return checked


def _read_toml(card: Path) -> dict:
    try:
        return parse_toml(read_bytes(card))
    except FileNotFoundError:
        raise UserError(
            f"{card}: no such card: expected a file as fewbench submission init writes it, "
            f"got no file. Make one: fewbench submission init --out "
            f"{shlex.quote(str(card))}"
        ) from None
    except DocumentError as damage:
        raise UserError(
            f"{card}: cannot read the card: expected TOML, got {damage}. Correct the file, "
            f"or make a new one: fewbench submission init"
        ) from damage


def _result_files(results: Iterable[RunResult]) -> dict[str, bytes]:
    """Return the files of all results, as `save_result` writes them."""
    files = {}
    with temporary_directory("fewbench-pack-") as folder:
        for result in results:
            # Two equal results are put into the bundle as well, so that the check finds them.
            number = len(files) // 2
            place = folder / str(number)
            document = save_result(result, place)
            for path in (document, document.with_suffix(".npz")):
                name = f"{RESULTS}{path.name}"
                if name in files:
                    name = f"{RESULTS}{path.stem}-{number}{path.suffix}"
                files[name] = path.read_bytes()
    return files


def _document(card: dict, files: dict[str, bytes]) -> bytes:
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    document = {
        "format": FORMAT,
        "schema_version": SCHEMA_VERSION,
        "card": card,
        "made_with": f"fewbench {version('fewbench')}",
        "files": hashes,
    }
    text = json.dumps(
        document, indent=2, sort_keys=True, ensure_ascii=False, default=str
    )
    return f"{text}\n".encode()
