"""The whole `fewbench` command, and its error messages.

Slow libraries are imported inside the commands. So --help answers at once.
"""

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, cast

import typer
from typer.core import TyperGroup

from fewbench.documents import printable
from fewbench.errors import UserError
from fewbench.plain_words import plain
from fewbench.signals import Interrupted

from . import (
    add,
    cache,
    compare,
    data,
    embed,
    env,
    evaluate,
    grid,
    leaderboard,
    plan,
    probe,
    protocol,
    published,
    quickstart,
    recipes,
    regress,
    report,
    reproduce,
    sources,
    submission,
    train,
    verify,
)
from .advice import with_root
from .console import emit, say, say_error
from .examples import EXAMPLES
from .system_errors import system_error_text

MISTAKE = 2  # the exit code for every mistake that the user can correct
# Click raises this error if it cannot parse the command line. Some releases of Typer
# include a copy of Click. So the class cannot be imported from a fixed module.
ClickError = cast("type[Exception]", typer.BadParameter.__mro__[2])


class _Stopped(Exception):
    """A signal ended the command. Click lets this error pass, other than Interrupted."""

    def __init__(self, interrupted: Interrupted) -> None:
        super().__init__(interrupted.line)
        self.interrupted = interrupted


class _NoReader(Exception):
    """The reader of the output has gone. Click would end with 1, as after a failed check."""


class _Commands(TyperGroup):
    """The commands. A KeyboardInterrupt is caught here, before Click answers it in its way."""

    def make_context(self, *arguments: Any, **named: Any) -> Any:
        try:
            return super().make_context(*arguments, **named)
        except KeyboardInterrupt as error:
            raise _Stopped(Interrupted.of(error)) from error

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as error:
            raise _Stopped(Interrupted.of(error)) from error
        except BrokenPipeError as error:
            raise _NoReader from error


app = typer.Typer(
    cls=_Commands,
    help="Measure few-shot image classifiers: build verified datasets, train "
    "baselines, score learners on standard episodes, compare and report the results.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(quickstart.quickstart)
for command in (sources.identify, sources.convert, sources.audit, sources.filters):
    data.app.command()(command)
data.app.command()(add.add)
app.add_typer(data.app, name="data")
app.add_typer(protocol.app, name="protocol")
app.command()(train.train)
app.command()(recipes.recipes)
app.command()(embed.embed)
app.command()(evaluate.evaluate)
app.command()(probe.probe)
app.command()(reproduce.reproduce)
app.add_typer(grid.app, name="grid")
app.command()(report.report)
app.command()(compare.compare)
app.command()(published.published)
app.command()(regress.regress)
app.command()(plan.plan)
app.command()(verify.verify)
app.add_typer(submission.app, name="submission")
app.add_typer(leaderboard.app, name="leaderboard")
app.add_typer(cache.app, name="cache")
app.command()(env.env)


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
            "--version",
            callback=_print_version,
            is_eager=True,
            help="Show the version and exit.",
        ),
    ] = False,
) -> None:
    del version


def main() -> None:
    """Run the command line and exit.

    If the user made a mistake, print one line on stderr and exit with code 2. With --json,
    also print the document {"error": ...} on stdout. If a signal ended the command, print
    one line and exit with 128 + the number of the signal.
    """
    try:
        with one_line_warnings():
            code = app(prog_name="fewbench", standalone_mode=False)
    except ClickError as error:
        _answer_usage_error(error)
        code = getattr(error, "exit_code", MISTAKE)
    except UserError as error:
        _answer_error(error)
        code = MISTAKE
    except _NoReader:
        code = _end_without_reader()
    except (OSError, ImportError, MemoryError, RuntimeError) as error:
        text = system_error_text(error)
        if text is None:
            raise
        _answer_error(UserError(text))
        code = MISTAKE
    except _Stopped as stopped:
        say(stopped.interrupted.line)
        code = stopped.interrupted.exit_code
    except typer.Abort:
        _answer_error(UserError("aborted"))
        code = 1
    sys.exit(code)


@contextmanager
def one_line_warnings() -> Iterator[None]:
    """Show each warning as one line, without the place in the code that raised it."""
    usual = warnings.formatwarning
    warnings.formatwarning = lambda message, *_, **__: _warning_line(message)
    try:
        yield
    finally:
        warnings.formatwarning = usual


def _warning_line(message: Warning | str) -> str:
    words = " ".join(str(message).split())
    return f"warning: {printable(words)}\n"


def usage_error_text(error: Exception) -> str:
    """Return the message for a command line that Click cannot parse.

    It says what is wrong, what to type where something is missing, and which help page
    to read.
    """
    message = getattr(error, "format_message", error.__str__)()
    option, colon, fault = " ".join(message.split()).partition(": ")
    sentence = f"{option}{colon}{plain(fault)}"
    if not sentence.endswith((".", "?", "!")):
        sentence += "."
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "fewbench"
    if type(error).__name__ == "MissingParameter" and command in EXAMPLES:
        sentence += f" Type for example: {EXAMPLES[command]}."
    return f"{sentence} See: {command} --help"


def _end_without_reader() -> int:
    """Return the exit code after the reader of the output has gone, as `head` does.

    Nothing is said, as is usual. Python must not write again when it ends.
    """
    sys.stdout = None
    return 128 + 13  # the code of a program that SIGPIPE ends


def _answer_usage_error(error: Exception) -> None:
    # If the user types no command, Click raises an error that shows the help page.
    if type(error).__name__ == "NoArgsIsHelpError":
        error.show()  # pyright: ignore[reportAttributeAccessIssue] - all of Click's have it
    else:
        _answer_error(UserError(usage_error_text(error)))


def _answer_error(error: UserError) -> None:
    say_error(error)
    if "--json" in sys.argv and sys.stdout is not None:
        text = with_root(str(error), sys.argv[1:])
        emit({"error": text}, "", as_json=True)
