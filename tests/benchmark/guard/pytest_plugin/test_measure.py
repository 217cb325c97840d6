"""A model is measured quietly, whatever the kind of model."""

from pathlib import Path

import torch
from torch import nn

from fewbench.benchmark.guard.pytest_plugin.measure import Measured, measure
from fewbench.benchmark.guard.pytest_plugin.question import Asked
from fewbench.reports.protocol import EvalProtocol

FACTORY = "from torch import nn\n\n\ndef make():\n    return nn.Flatten()\n"


def protocol() -> EvalProtocol:
    return Asked("glyphs-5w1s", "val", 20, None, {}).found_protocol()


class Constant(nn.Module):
    """An encoder that tells no image from another."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return torch.ones(len(images), 3)


def test_warnings_are_returned_and_not_raised(glyphs_root: Path) -> None:
    """The tests run with warnings as errors, so a warning would be one here."""
    found = measure(Constant(), protocol(), {"root": glyphs_root})

    assert isinstance(found, Measured)
    assert any("all images have equal features" in words for words in found.warnings)
    assert found.result.mean < 0.3


def test_a_text_is_what_the_command_line_takes(
    glyphs_root: Path, tmp_path: Path, monkeypatch
) -> None:
    (tmp_path / "guard_factory.py").write_text(FACTORY)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))

    named = measure("guard_factory:make", protocol(), {"root": glyphs_root})
    given = measure(nn.Flatten(), protocol(), {"root": str(glyphs_root)})

    assert named.result.learner == "Flatten"
    assert (named.result.predictions == given.result.predictions).all()


def test_the_seed_of_a_training_is_recorded(glyphs_root: Path) -> None:
    found = measure(nn.Flatten(), protocol(), {"root": glyphs_root}, train_seed=7)

    assert found.result.train_seed == 7
