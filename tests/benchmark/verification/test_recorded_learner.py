"""The learner of a result is loaded with what the result records."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from fewbench.baselines.catalogue import load_learner
from fewbench.baselines.learner import BaselineError
from fewbench.benchmark.evaluate import evaluate
from fewbench.benchmark.protocols.catalogue import find_protocol
from fewbench.benchmark.verification.recorded_learner import (
    load_for_result,
    load_same_checkpoint,
    load_with_settings,
    settings_at_test,
)


def test_only_what_a_checkpoint_lacks_is_set(
    glyphs_root: Path,
) -> None:
    centroid = load_learner("centroid", torch.device("cpu"))
    protocol = find_protocol("glyphs-5w1s", n_episodes=3)
    result = evaluate(centroid, protocol, root=glyphs_root)
    card = replace(centroid.card, recipe={"lr": 0.1, "backend": "native"})
    recipe = {"lr": 0.1, "backend": "higher", "old": 3, "trained_steps": 9}
    assert settings_at_test(replace(result, recipe=recipe), card) == ["backend=higher"]
    assert load_for_result("centroid", result).card.name == "centroid"
    assert load_same_checkpoint("centroid", result).card.name == "centroid"
    learner, refused = load_with_settings("centroid", replace(result, recipe={}))
    assert learner.card.name == "centroid"
    assert refused is None

    other = replace(result, checkpoint_sha256="ab" * 32)
    with pytest.raises(BaselineError, match="its checkpoint changed while it was read"):
        load_same_checkpoint("centroid", other)
