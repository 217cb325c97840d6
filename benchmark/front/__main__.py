"""`python -m fewbench` is the `fewbench` command."""

import sys

from fewbench.benchmark.cli.app import main

sys.argv[0] = "fewbench"
main()
