import json
from pathlib import Path

import pytest
import typer

from fewbench.benchmark.cli.image_options import numbers, preparation_of

BRIEF = ("--protocol", "glyphs-5w1s", "--episodes", "10", "--out", "r", "--json")


def test_numbers_are_read() -> None:
    assert numbers("0.5") == (0.5,)
    assert numbers(".485, 0.456,4e-1") == (0.485, 0.456, 0.4)
    with pytest.raises(typer.BadParameter, match="'0.5;0.4'"):
        numbers("0.5;0.4")
    assert preparation_of(None, None, None, None) is None


def test_the_options_reach_the_model(run, tmp_path: Path) -> None:
    name = f"encoder_of_{tmp_path.name}"
    (tmp_path / f"{name}.py").write_text(
        """
from torch import nn

class Encoder(nn.Module):
    def forward(self, images):
        assert images.shape[1:] == (3, 9, 14), images.shape
        return images.flatten(1)

def cut(images):
    return images[:, :, :9]
"""
    )
    options = ("--size", "14", "--transform", f"{name}:cut", "--batch-size", "16")
    normal = ("--mean", "0.5,0.4,0.3", "--std", "0.2")
    what = f"{name}:Encoder"
    done = json.loads(run("evaluate", what, *BRIEF, *options, *normal).stdout)
    content = json.loads(Path(tmp_path, done["path"]).read_text())["content"]
    assert content["header"]["preparation"] == {
        "size": 14,
        "transform": f"{name}:cut",
        "mean": [0.5, 0.4, 0.3],
        "std": [0.2],
        "batch_size": 16,
        "invert": None,
    }
    probed = run("probe", what, *BRIEF[:2], *options[:4], *normal).stdout
    assert "inductive" in probed


@pytest.mark.parametrize(
    ("option", "said"),
    [
        (("--size", "0"), "expected 1 to 4096 px"),
        (("--mean", "1,2"), "expected 1 or 3 finite numbers"),
        (("--std", "x"), "--std"),
        (("--transform", "cut"), "expected module:function"),
        (("--transform", "nowhere:cut"), "cannot import nowhere"),
        (("--batch-size", "0"), "--batch-size"),
    ],
)
def test_a_mistake_gets_a_sentence(run, option: tuple[str, ...], said: str) -> None:
    done = run("evaluate", "centroid", *BRIEF, *option, code=2)
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
