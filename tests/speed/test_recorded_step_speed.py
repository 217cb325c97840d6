"""A step of MAML that a GPU repeats, beside the same step started operation by operation."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from fewbench.baselines.catalogue import make_learner
from fewbench.baselines.device.recorded_step import RecordedStep
from fewbench.baselines.gradient.maml import MAML
from fewbench.baselines.recipe_files import load_recipe
from fewbench_tests.cuda import NEEDS_CUDA
from fewbench_tests.timing import DEVICE, finished, seconds_of

pytestmark = NEEDS_CUDA


@pytest.mark.parametrize(
    ("recipe", "shape"),
    [("maml-omniglot", (28, 28, 1)), ("maml-miniimagenet", (84, 84, 3))],
)
def test_recorded_step(
    benchmark, say, recipe: str, shape: tuple[int, int, int]
) -> None:
    spec = load_recipe(recipe).train_spec
    n_images = spec.n_way * (spec.n_shot + spec.n_query)

    def learner(backend: str) -> MAML:
        config = load_recipe(recipe, ["precision=fp32", f"backend={backend}"])
        return make_learner(config, shape, DEVICE)

    n_tasks = load_recipe(recipe).meta_batch_size
    pixels = np.random.default_rng(0).integers(
        0, 256, (n_tasks, n_images, *shape), np.uint8
    )
    images = torch.from_numpy(pixels).to(DEVICE)

    def step_of(learner: MAML) -> Callable[[], object]:
        def step() -> torch.Tensor:
            learner.network.zero_grad(set_to_none=True)
            return learner.backward(images, spec, 0)

        return step

    native = learner("native")
    recorded = RecordedStep(
        lambda batch: native.backward(batch, spec, 0),
        images,
        list(native.network.parameters()),
    )
    benchmark.pedantic(finished(lambda: recorded(images)), rounds=15, warmup_rounds=1)
    taken = {
        "recorded": benchmark.stats.stats.median,
        "not recorded": seconds_of(step_of(learner("native")), 7),
        "higher": seconds_of(step_of(learner("higher")), 3),
    }
    for name, seconds in taken.items():
        say(f"step of {recipe}, {name}, milliseconds", 1000 * seconds, "")
    ratio = taken["not recorded"] / taken["recorded"]
    say(
        f"step of {recipe}, times as fast when a GPU repeats it",
        ratio,
        ">= 2",
    )
    assert ratio >= 2
