"""The command as a whole: help, what it imports, and how it answers mistakes."""

import errno
import os
import random
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import pytest
from typer.core import TyperGroup

from fewbench.benchmark.cli.app import main, one_line_warnings, usage_error_text
from fewbench.benchmark.cli.system_errors import os_error_text
from fewbench.signals import Interrupted


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
        (("quickstart", "--steps", "0"), ("--steps", "quickstart --help")),
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
    too_small = ValueError("Invalid value for '--seed': Input should be greater than 0")
    assert usage_error_text(too_small).startswith(
        "Invalid value for '--seed': expected a number greater than 0. See"
    )


def test_a_file_that_cannot_be_used_is_named() -> None:
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "out")
    assert os_error_text(full).startswith("out: No space left on device. ")
    taken = FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), "out")
    assert os_error_text(taken).startswith("out: expected a folder, got a file. ")
    assert os_error_text(OSError("odd")).startswith("odd. ")


COMMANDS = [
    "env",
    "data list",
    "train --recipe protonet-glyphs --out x",
    "evaluate centroid --protocol glyphs-5w1s --out x",
    "report . --out x",
]


@pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="/proc/self/status: Linux only"
)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_signal_in_the_first_moments_gives_one_line(
    command: str, tmp_path: Path
) -> None:
    """Also while torch is being imported."""
    number = signal.SIGTERM if len(command) % 2 else signal.SIGINT
    process = subprocess.Popen(
        [sys.executable, "-m", "fewbench", *command.split()],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while not catches_sigterm(process.pid) and process.poll() is None:
        time.sleep(0.002)
    time.sleep(random.uniform(0, 0.3))
    process.send_signal(number)
    _, said = process.communicate(timeout=60)

    if process.returncode == 0:  # it was quicker
        return
    assert process.returncode == 128 + number
    assert said.count("\n") == 1
    assert said.startswith(f"interrupted by {signal.Signals(number).name}. ")


def catches_sigterm(pid: int) -> bool:
    """Whether a process has a handler for SIGTERM. Python on its own has none."""
    status = Path(f"/proc/{pid}/status").read_text()
    for line in status.splitlines():
        name, _, mask = line.partition(":")
        if name == "SigCgt":
            return bool(int(mask, 16) >> (signal.SIGTERM - 1) & 1)
    return False


def test_a_keyboard_interrupt_gives_one_line(
    run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("fewbench.benchmark.evaluate_into.evaluate_into", interrupted)
    command = ("evaluate", "centroid", "--protocol", "glyphs-5w1s", "--out", "x")
    done = run(*command, code=130)
    assert done.stderr == (
        "interrupted by SIGINT. To go on, type: fewbench evaluate centroid --protocol "
        "glyphs-5w1s --out x --skip-existing\n"
    )


def test_a_signal_before_any_command_runs_gives_one_line(tmp_path: Path) -> None:
    """As while Typer builds the commands, which takes a tenth of a second."""
    code = """
from fewbench import __main__
from fewbench.benchmark.cli import app
from fewbench.signals import Interrupted

def too_early():
    raise Interrupted(15)

app.main = too_early
__main__.main()
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True
    )

    assert done.returncode == 128 + 15
    assert done.stderr.splitlines() == [
        "interrupted by SIGTERM. To start again, type the same command"
    ]


@pytest.mark.skipif(os.name == "nt", reason="needs a shell")
@pytest.mark.parametrize(
    ("redirected", "code", "said"),
    [
        (">&-", 2, "stdout: cannot print the answer, since it is closed"),
        ("2>&-", 0, ""),
        ("> /dev/full", 2, "stdout: No space left on device"),
        ("| (exec <&-; sleep 0.1); exit ${PIPESTATUS[0]}", 141, ""),
    ],
)
def test_output_that_nobody_reads(
    tmp_path: Path, redirected: str, code: int, said: str
) -> None:
    if "/dev/full" in redirected and not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    command = f"{sys.executable} -m fewbench protocol list {redirected}"
    done = subprocess.run(
        ["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr


def test_a_signal_while_the_command_line_is_parsed_keeps_its_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stopped(*arguments: object) -> None:
        raise Interrupted(signal.SIGTERM)

    monkeypatch.setattr(TyperGroup, "parse_args", stopped)
    monkeypatch.setattr(sys, "argv", ["fewbench", "env"])
    with pytest.raises(SystemExit) as ended:
        main()

    assert ended.value.code == 128 + signal.SIGTERM
    assert capsys.readouterr().err == (
        "interrupted by SIGTERM. To start again, type the same command\n"
    )


def test_a_warning_is_one_line() -> None:
    with one_line_warnings():
        words = warnings.formatwarning("a\nb\u2028c\x1b", UserWarning, "x.py", 1)
    assert words == "warning: a b c\\x1b\n"
