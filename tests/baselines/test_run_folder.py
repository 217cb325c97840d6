import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from fewbench.baselines.checkpoints import load_checkpoint, save_checkpoint
from fewbench.baselines.learner import BaselineError
from fewbench.baselines.recipe_files import load_recipe
from fewbench.baselines.run_folder import LAST, LOG, RunFacts, RunFolder, TrainState

FACTS = RunFacts(
    config=load_recipe("maml-glyphs"),
    image_shape=(28, 28, 1),
    data_fingerprint=["a", "b"],
    device="cpu",
)
ENTRY = {"step": 4.0, "seconds": 1.5, "loss": 0.1, "val_seconds": 0.0}
STATE = TrainState(step=4, seconds=1.5, best_accuracy=0.5, history=[ENTRY])
TENSORS = {"0.weight": torch.ones(2)}


def saved(path: Path) -> RunFolder:
    folder = RunFolder(path, FACTS)
    folder.prepare(resume=False)
    folder.save(LAST, TENSORS, STATE)
    return folder


def test_a_state_comes_back(tmp_path: Path) -> None:
    folder = saved(tmp_path / "run")
    folder.prepare(resume=True)
    tensors, state = folder.load()
    assert state == STATE
    assert torch.equal(tensors["0.weight"], TENSORS["0.weight"])


def test_the_log_has_the_keys_that_reports_read(tmp_path: Path) -> None:
    folder = saved(tmp_path)
    folder.write_log(STATE)
    text = (tmp_path / LOG).read_text(encoding="utf-8")
    log = json.loads(text)
    assert text == json.dumps(log, indent=2, sort_keys=True) + "\n"
    assert set(log) == {
        "best_accuracy",
        "config",
        "data_fingerprint",
        "device",
        "history",
        "image_shape",
        "seconds",
        "step",
    }
    assert log["image_shape"] == [28, 28, 1]
    assert log["history"] == [ENTRY]


def test_a_used_folder_is_refused_unless_its_run_is_resumed(tmp_path: Path) -> None:
    folder = saved(tmp_path)
    assert folder.has_run
    with pytest.raises(BaselineError, match="holds another run.*--resume.*--out"):
        folder.prepare(resume=False)


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        (
            replace(FACTS, config=replace(FACTS.config, lr=0.5)),
            "cannot resume: lr differs: expected 0.001.*got 0.5",
        ),
        (
            replace(FACTS, data_fingerprint=["a"]),
            r"data_fingerprint differs: expected \['a', 'b'\].*got \['a'\]",
        ),
    ],
)
def test_another_recipe_or_other_data_are_refused(
    tmp_path: Path, facts: RunFacts, message: str
) -> None:
    saved(tmp_path)
    with pytest.raises(BaselineError, match=message):
        RunFolder(tmp_path, facts).load()


def test_keys_of_memory_and_of_later_versions_do_not_matter(tmp_path: Path) -> None:
    facts = replace(FACTS, config=load_recipe("maml-glyphs"))
    folder = RunFolder(tmp_path, facts)
    folder.prepare(resume=False)
    folder.save(LAST, TENSORS, STATE)
    tensors, read_card = load_checkpoint(tmp_path / LAST)
    card = {**vars(read_card), "later": [1]}
    del card["config"]["multi_step_loss_steps"]
    save_checkpoint(tmp_path / LAST, tensors, card)
    own = replace(facts.config.own, tasks_per_chunk=1)
    other = replace(facts, config=replace(facts.config, own=own))
    assert RunFolder(tmp_path, other).load()[1].step == 4
