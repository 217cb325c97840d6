"""The `fewbench` command, also as `python -m fewbench`.

Signals are taken care of before anything slow is imported.
"""

import _signal  # pyright: ignore[reportMissingImports] - it is built in
import os
import sys

# Until the handlers are there, Ctrl-C ends the process without a word, not with a traceback.
if _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:
    _signal.signal(_signal.SIGINT, _signal.SIG_DFL)

from fewbench.signals import Interrupted, end_at_once, ended_by_signals


def main() -> None:
    """Run the command line and exit. A signal ends it with one line, not a traceback."""
    if sys.stderr is None:
        # It was closed: the user wants no messages.
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    try:
        with ended_by_signals():
            from fewbench.benchmark.cli.app import main as run

            run()
    except KeyboardInterrupt as error:
        # It came while the command line was being set up, before any command ran.
        interrupted = Interrupted.of(error)
        sys.stderr.write(f"{interrupted.line}\n")
        sys.exit(interrupted.exit_code)
    finally:
        end_at_once()


if __name__ == "__main__":
    sys.argv[0] = "fewbench"
    main()
