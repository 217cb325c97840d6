"""A file of torch.save holds one state dict; the advice for any other file works when typed."""

import os
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

from fewbench.baselines.learner import BaselineError
from fewbench.baselines.weights.torch_files import parse_torch
from fewbench_tests import foreign_weights as foreign

STATE = foreign.trained_state()


def read_torch(path: Path) -> dict[str, torch.Tensor]:
    return parse_torch(path, path.read_bytes())


def _module(path: Path) -> None:
    torch.save(nn.Linear(2, 2), path)


def _two_models(path: Path) -> None:
    torch.save({"model": STATE, "ema": STATE, "epoch": 3}, path)


def _nothing(path: Path) -> None:
    torch.save({"epoch": 3}, path)


def _a_list(path: Path) -> None:
    torch.save([torch.zeros(2)], path)


REFUSED: dict[str, tuple[Callable[[Path], object], str]] = {
    "a module": (_module, r"torch\.save\(model\.state_dict"),
    "two models": (_two_models, r"expected one state dict, got 2: model, ema"),
    "no tensors": (_nothing, "expected one state dict, got none"),
    "a list": (_a_list, "got a list"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_without_one_state_dict_is_refused_by_name(
    name: str, tmp_path: Path
) -> None:
    write, words = REFUSED[name]
    path = tmp_path / "weights.pt"
    write(path)

    with pytest.raises(BaselineError, match=words) as caught:
        read_torch(path)

    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_one_state_dict_beside_other_values_is_found(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.pt"
    torch.save({"epoch": 3, "model": STATE, "options": {"lr": 0.1}}, path)

    assert read_torch(path).keys() == STATE.keys()


@pytest.mark.parametrize("name", ["two.pt", 'it\'s $(touch MINE) `x` "two".pt'])
def test_the_advice_for_two_models_works_when_it_is_typed(
    tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    _two_models(path)
    with pytest.raises(BaselineError) as caught:
        read_torch(path)

    command = str(caught.value).split("Save the one you mean: ")[1]
    folder = os.open(".", os.O_RDONLY)
    os.chdir(tmp_path)
    try:
        # As a shell reads it.
        python, option, code = shlex.split(command)
        assert (python, option) == ("python", "-c")
        exec(code)
    finally:
        os.fchdir(folder)
        os.close(folder)
    saved = read_torch(tmp_path / "weights.pt")
    assert saved.keys() == STATE.keys()


def test_a_key_from_a_file_adds_no_code_to_what_users_type(tmp_path: Path) -> None:
    path = tmp_path / "two.pt"
    torch.save({"a'];import os;['": STATE, "ema": STATE}, path)

    with pytest.raises(BaselineError) as caught:
        read_torch(path)

    command = str(caught.value).split("Save the one you mean: ")[1]
    assert "['ema']" in shlex.split(command)[2]
    assert "import os" not in command
