"""The command as a whole: help, what it imports, and how it answers mistakes."""

import errno
import os
import subprocess
import sys
import time

import pytest

from fewbench.benchmark.cli.app import os_error_text, usage_error_text


def test_help_answers_at_once(run_process) -> None:
    seconds = []
    text = ""
    for _ in range(3):
        started = time.perf_counter()
        text = run_process("--help").stdout
        seconds.append(time.perf_counter() - started)
    for command in (
        "quickstart",
        "data",
        "protocol",
        "train",
        "evaluate",
        "report",
        "env",
    ):
        assert command in text
    # The goal is half a second, met by far on a quiet machine; this one may be busy.
    assert min(seconds) < 1.5


def test_heavy_libraries_are_imported_inside_the_commands_only() -> None:
    code = "import sys, fewbench.benchmark.cli.app; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    heavy = {
        "torch",
        "numpy",
        "h5py",
        "pandas",
        "scipy",
        "matplotlib",
        "pydantic",
        "PIL",
    }
    assert not heavy & set(done.stdout.split())


@pytest.mark.parametrize(
    "command",
    [
        "quickstart",
        "data",
        "data list",
        "data build",
        "data verify",
        "data info",
        "data show",
        "data identify",
        "data convert",
        "data audit",
        "data filters",
        "protocol",
        "protocol list",
        "protocol show",
        "protocol export",
        "train",
        "recipes",
        "evaluate",
        "probe",
        "report",
        "compare",
        "plan",
        "env",
    ],
)
def test_every_command_has_help(run, command: str) -> None:
    assert f"Usage: fewbench {command}" in run(*command.split(), "--help").stdout


def test_the_version_is_printed(run) -> None:
    assert run("--version").stdout.startswith("fewbench 0")


@pytest.mark.parametrize("command", [(), ("data",), ("protocol",)])
def test_without_a_command_help_is_shown(run, command: tuple[str, ...]) -> None:
    done = run(*command, code=2)
    assert "Usage: fewbench" in done.stdout + done.stderr
    assert "error" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "facts"),
    [
        (("frobnicate",), ("frobnicate", "fewbench --help")),
        (("train",), ("--recipe", "fewbench train --help")),
        (("plan",), ("PILOT", "fewbench plan --help")),
        (("train", "--frob"), ("--frob", "fewbench train --help")),
        (("protocol", "list", "--kind", "mine"), ("mine", "'own'", "--kind")),
        (("quickstart", "--seconds", "0"), ("--seconds", "quickstart --help")),
        (("data", "show"), ("NAME", "fewbench data show --help")),
    ],
)
def test_wrong_usage_is_answered_in_one_line(
    run, arguments: tuple[str, ...], facts: tuple[str, ...]
) -> None:
    done = run(*arguments, code=2)
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    for fact in facts:
        assert fact in done.stderr


def test_the_installed_command_answers_in_one_line_too(run_process) -> None:
    done = run_process("data", "build", "--frob", code=2)
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert "See: fewbench data build --help" in done.stderr


def test_an_error_without_a_context_names_the_whole_command() -> None:
    assert usage_error_text(ValueError("no\n good")) == "no good. See: fewbench --help"


def test_a_file_that_cannot_be_used_is_named() -> None:
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "out")
    assert os_error_text(full).startswith("out: No space left on device. ")
    taken = FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), "out")
    assert os_error_text(taken).startswith("out: expected a folder, got a file. ")
    assert os_error_text(OSError("odd")).startswith("odd. ")
