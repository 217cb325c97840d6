import signal

import pytest

from fewbench.benchmark.cli.going_on import command_with, going_on
from fewbench.signals import Interrupted


def test_the_option_to_go_on_is_there_once() -> None:
    command = ["train", "--resume", "--out", "a"]
    assert command_with("--resume", command) == "fewbench train --resume --out a"


def test_an_interrupted_command_says_how_to_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.argv", ["fewbench", "evaluate", "my run"])
    with pytest.raises(Interrupted) as caught, going_on():
        raise Interrupted(signal.SIGTERM, "stopped")
    assert caught.value.line == "stopped. To go on, type the same command"
    with pytest.raises(Interrupted) as caught, going_on("--skip-existing"):
        raise KeyboardInterrupt
    assert caught.value.line == (
        "interrupted by SIGINT. To go on, type: fewbench evaluate 'my run' --skip-existing"
    )
