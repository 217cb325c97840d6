"""The `fewbench` command. Heavy imports happen inside the commands: --help answers at once."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from fewbench.errors import UserError

from . import (
    compare,
    data,
    evaluate,
    plan,
    protocol,
    quickstart,
    report,
    sources,
    train,
)
from .console import Json, emit, table

app = typer.Typer(
    help="Few-shot image classification: verified data, baselines, standard episodes, honest ±.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(quickstart.quickstart)
for command in (sources.identify, sources.convert, sources.audit, sources.filters):
    data.app.command()(command)
app.add_typer(data.app, name="data")
app.add_typer(protocol.app, name="protocol")
app.command()(train.train)
app.command()(train.recipes)
app.command()(evaluate.evaluate)
app.command()(evaluate.probe)
app.command()(report.report)
app.command()(compare.compare)
app.command()(plan.plan)


@app.command()
def env(as_json: Json = False) -> None:
    """Versions, device, what is installed, and the line that installs what is missing."""
    from ...baselines.catalogue import BACKENDS, UNTRAINED
    from ...baselines.device.choose import device_facts
    from ..environment import environment, optional_packages, requirements

    facts, needed, optional = environment(), requirements(), optional_packages()
    devices = device_facts()
    document = {
        "environment": facts,
        "device": devices,
        "learners": {**BACKENDS, "untrained": list(UNTRAINED)},
        "required": needed,
        "optional": {
            one.name: {
                "version": one.installed,
                "usable": one.usable,
                "missing": list(one.missing),
                "install": one.install,
            }
            for one in optional
        },
    }
    rows = [[key, value] for key, value in {**facts, **devices}.items()]
    rows += [
        [name, found or "MISSING: pip install fewbench"]
        for name, found in needed.items()
    ]
    text = table(["what", "found"], rows)
    known = [[name, ", ".join(learners)] for name, learners in BACKENDS.items()]
    text += "\n\n" + table(
        ["backend", "learners"], [*known, ["(untrained)", ", ".join(UNTRAINED)]]
    )
    for one in optional:
        state = f"{one.installed or 'not installed'}, usable: {'yes' if one.usable else 'no'}"
        text += f"\n\n{one.name} ({one.needed_for}): {state}"
        if not one.usable:
            without = f" (missing: {', '.join(one.missing)})" if one.missing else ""
            text += f"{without}\n  install: {one.install}"
    emit(document, text, as_json)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"fewbench {version('fewbench')}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Version."
        ),
    ] = False,
) -> None:
    del version


def main() -> None:
    """Run the command line; a user's mistake gets a sentence on stderr and exit code 2."""
    try:
        app()
    except SystemExit:
        raise
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        reason = error.strerror or error
        if isinstance(error, FileExistsError | NotADirectoryError):
            reason = "a file is where a folder was expected"
        sys.stderr.write(
            f"error: {where}{reason}. Choose another folder, or free some space.\n"
        )
        sys.exit(2)
    except MemoryError as error:
        sys.stderr.write(
            f"error: not enough memory ({error}). Ask for fewer episodes or images at a time, or "
            f"free some memory.\n"
        )
        sys.exit(2)
    except UserError as error:
        sys.stderr.write(f"error: {error}\n")
        sys.exit(2)


if __name__ == "__main__":
    sys.argv[0] = Path(sys.argv[0]).stem
    main()
