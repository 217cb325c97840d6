import shlex
from pathlib import Path

import pytest
import torch

from fewbench.baselines.learner import BaselineError
from fewbench.baselines.weights.left_out import (
    is_part,
    kept_tensors,
    listed,
    part_to_drop,
)
from fewbench.baselines.weights.tensor_file import TensorFile, read_tensor_file


@pytest.mark.parametrize(
    ("name", "start", "expected"),
    [
        ("fc.weight", "fc", True),
        ("fc", "fc", True),
        ("fc_weight", "fc", True),
        ("fc2.weight", "fc", False),
        ("net.fc.weight", "fc", False),
    ],
)
def test_a_part_is_named_by_whole_words(name: str, start: str, expected: bool) -> None:
    assert is_part(name, start) == expected


@pytest.fixture
def file(tmp_path: Path) -> TensorFile:
    path = tmp_path / "net.pt"
    names = ("net.conv.weight", "net.fc.weight", "net.fc.bias")
    torch.save({name: torch.ones(2) for name in names}, path)
    return read_tensor_file(path)


def test_the_part_to_drop_holds_no_used_tensor(file: TensorFile) -> None:
    used = {"net.conv.weight"}
    option = part_to_drop("net.fc.weight", used)

    assert option == "--drop net.fc"
    assert kept_tensors(file, ["net.fc"]).keys() == used
    one = part_to_drop("net.fc.weight", {"net.fc.bias"})
    assert one == "--drop net.fc.weight"


def test_a_name_from_a_file_adds_no_command_to_what_users_type() -> None:
    option = part_to_drop("fc; rm x", set())
    assert shlex.split(option) == ["--drop", "fc; rm x"]


def test_a_part_that_is_not_there_is_refused(file: TensorFile) -> None:
    with pytest.raises(BaselineError, match=r"--drop fc: .* none of net\.conv\.weight"):
        kept_tensors(file, ["fc"])


def test_long_lists_are_cut() -> None:
    assert listed(["a", "b"]) == "a, b"
    assert listed([str(i) for i in range(10)]) == "0, 1, 2, 3, 4, 5, 6, 7 and 2 more"
