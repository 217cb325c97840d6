"""The commands that refusals advise are typed, and work."""

import re
import shlex
import shutil
from pathlib import Path

import pytest

from fewbench_tests.commands import call_fewbench

# A command after a colon or in backquotes, up to the end of its sentence.
ADVISED = re.compile(r":\s(fewbench [a-z].*?)(?=; |\. |, |`|:\s|\)|\s*$)", re.M)
# What a user puts in the place of these words.
FILLED = {
    "LEARNER": "centroid",
    "WHAT": "centroid",
    "DIR": "new",
    "RESULT...": "results/glyphs-5w1s-20ep__centroid__seed0.json",
}
SHORT = "--set steps=2 --set validate_every=2 --set val_episodes=5"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, glyphs_root: Path) -> Path:
    """A folder with a result, a training run and stored features."""
    folder = tmp_path_factory.mktemp("work")
    for typed in (
        "evaluate centroid --protocol glyphs-5w1s --episodes 20 --out results",
        f"train --recipe protonet-glyphs {SHORT} --out 'my runs/p'",
        "embed centroid --dataset glyphs --split test --out features",
        "leaderboard init board",
    ):
        call_fewbench(folder, glyphs_root, *shlex.split(typed))
    (folder / "no results").mkdir()
    (folder / "no model").mkdir()
    return folder


# What is typed, and what a user puts in the place of NAME in the advice.
MISTAKES = [
    ("evaluate centroid --protocol glyphs-6w1s --out a", ""),
    ("evaluate nosuch --protocol glyphs-5w1s --out a", f"protonet-glyphs {SHORT}"),
    ("evaluate 'no model' --protocol glyphs-5w1s --out a", f"protonet-glyphs {SHORT}"),
    ("evaluate 'features:no features' --protocol glyphs-5w1s --out a", "glyphs"),
    ("evaluate features:features --protocol glyphs-5w1s --split val --out a", "glyphs"),
    ("report 'my runs' --out a", "glyphs-5w1s --episodes 20"),
    ("report 'no such' --out a", "glyphs-5w1s --episodes 20"),
    ("report 'no results' --out a", "glyphs-5w1s --episodes 20"),
    ("compare a/x.json a/y.json", "glyphs-5w1s --episodes 20"),
    ("train --recipe nosuch --out a", ""),
    ("probe centroid --protocol nosuch", ""),
    ("data verify nosuch", ""),
    ("data show nosuch --out x.png", ""),
    ("protocol show nosuch", ""),
    ("leaderboard verify 'no board'", ""),
    ("leaderboard build 'no board' --out site", ""),
    ("reproduce nosuch", ""),
    ("cache clear nosuch", ""),
    ("guard", ""),
    ("submission pack results --card 'no card.toml' --out a.fewbench.zip", ""),
]


@pytest.mark.parametrize(("typed", "name"), MISTAKES)
def test_what_a_refusal_advises_works(
    folder: Path, glyphs_root: Path, typed: str, name: str
) -> None:
    said = call_fewbench(folder, glyphs_root, *shlex.split(typed), code=2).stderr
    advised = ADVISED.findall(said) or re.findall(r"See: (fewbench .*)", said)
    assert advised, said
    for command in advised:
        words = []
        for word in shlex.split(command.replace("NAME", name)):
            words.append(FILLED.get(word, word))
        assert not re.search(r"\b[A-Z]{3,}\b", " ".join(words)), command
        done = call_fewbench(folder, glyphs_root, *words[1:])
        assert done.stdout or done.stderr
        _clear(folder)


def _clear(folder: Path) -> None:
    """Take away what an advised command made, so that the next one can make it."""
    for made in ("new", "no such", "no features", "no board"):
        shutil.rmtree(folder / made, ignore_errors=True)
