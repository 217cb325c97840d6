"""The `fewbench` command, also as `python -m fewbench`.

Signals are taken care of before anything slow is imported.
"""

import sys

from fewbench.signals import end_at_once, ended_by_signals


def main() -> None:
    """Run the command line and exit. A signal ends it with one line, not a traceback."""
    try:
        with ended_by_signals():
            from fewbench.benchmark.cli.app import main as run

            run()
    finally:
        end_at_once()


if __name__ == "__main__":
    sys.argv[0] = "fewbench"
    main()
