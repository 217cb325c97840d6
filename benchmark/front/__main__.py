"""Run the `fewbench` command with `python -m fewbench`."""

import sys

from fewbench.benchmark.cli.app import main

sys.argv[0] = "fewbench"
main()
