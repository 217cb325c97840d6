"""A question names its protocol and measures with the seeds of its training."""

from pathlib import Path

import pytest
import torch
from torch import nn

from fewbench.benchmark.guard.pytest_plugin.question import Asked, Question
from fewbench.datasets.info import DataError
from fewbench.errors import UserError


def question(root: Path) -> Question:
    def make(seed: int) -> nn.Module:
        torch.manual_seed(seed)
        return nn.Sequential(nn.Flatten(), nn.Linear(784, 4))

    asked = Asked("glyphs-5w1s", "val", 20, None, {"root": root})
    protocol = asked.found_protocol()
    return Question("retrained", "mine", "t.py::t", protocol, make, 1, asked.how)


def test_the_protocol_is_varied() -> None:
    protocol = Asked("glyphs-5w1s", "val", 20, None, {}).found_protocol()

    assert protocol.name == "glyphs-5w1s-val-20ep"
    assert protocol.split == "val"
    assert protocol.n_episodes == 20


def test_a_wrong_protocol_is_refused() -> None:
    with pytest.raises(DataError, match="glyphs-5w1s"):
        Asked("glyphs-5w1", "val", 20, None, {}).found_protocol()
    with pytest.raises(
        UserError, match="expected the name of a protocol, got a .*Path"
    ):
        Asked(Path("x"), "val", 20, None, {}).found_protocol()  # type: ignore[arg-type]


def test_a_seed_trains_and_is_recorded(glyphs_root: Path) -> None:
    asked = question(glyphs_root)

    first, again, other = (asked.measured(seed) for seed in (3, 3, 4))

    assert first.train_seed == 3
    assert (first.predictions == again.predictions).all()
    assert (first.predictions != other.predictions).any()


def test_ten_times_the_episodes_begin_with_the_same(glyphs_root: Path) -> None:
    asked = question(glyphs_root)

    longer = asked.ten_times()

    assert longer.protocol.name == "glyphs-5w1s-val-200ep"
    few = asked.measured(1)
    many = longer.measured(1)
    assert (many.classes[:20] == few.classes).all()
    assert (many.predictions[:20] == few.predictions).all()
