"""The table of options is one that pytest takes, and the docs list all of it."""

import argparse

from fewbench.benchmark.guard.pytest_plugin.option_table import OPTIONS
from fewbench_tests.paths import REPOSITORY


def test_every_option_can_be_added_and_shows_its_help() -> None:
    parser = argparse.ArgumentParser(prog="pytest")
    for name, settings in OPTIONS.items():
        parser.add_argument(f"--accuracy-{name}", **settings)

    text = " ".join(parser.format_help().split())

    for settings in OPTIONS.values():
        help_text = settings["help"].replace("%%", "%")
        assert help_text.split()[0] in text
        assert help_text.endswith(".")


def test_the_docs_list_every_option() -> None:
    text = (REPOSITORY / "docs" / "guard.md").read_text(encoding="utf-8")

    for name in OPTIONS:
        assert f"| `--accuracy-{name}" in text
