import pytest
import torch
from torch import nn

from fewbench.baselines.gradient.inner_loop import (
    InnerLoop,
    Tasks,
    adapted_names,
    query_logits,
)
from fewbench_tests.meta_tasks import network, tasks


def test_without_other_weights_only_the_last_step_counts() -> None:
    adapted = frozenset(["head.weight"])
    assert InnerLoop(3, 0.1, adapted).weight_of_step == (0, 0, 1)
    assert InnerLoop(1, 0.1, adapted).weight_of_step == (1,)
    weights = (0.25, 0.75)
    inner = InnerLoop(2, 0.1, adapted, step_weights=weights)
    assert inner.weight_of_step == weights


def test_norms_and_frozen_parameters_are_not_adapted() -> None:
    whole = network("conv4")
    whole.get_submodule("body.3.0").requires_grad_(False)
    convolutions = {f"body.{block}.0.weight" for block in range(3)}
    head = {"head.weight", "head.bias"}
    assert adapted_names(whole, head_only=False) == head | convolutions
    assert adapted_names(whole, head_only=True) == head
    assert adapted_names(whole, head_only=True, prefix="body.0.") == {"body.0.0.weight"}


def scores(whole: nn.Module, batch: Tasks, statistics, n_query: int) -> torch.Tensor:
    weights: dict[str, torch.Tensor] = dict(whole.named_parameters())
    fewer = Tasks(
        batch.support,
        batch.support_labels,
        batch.query[:, :n_query],
        batch.query_labels[:n_query],
    )
    with torch.no_grad():
        return query_logits(whole, weights, fewer, 0, statistics)


@pytest.mark.parametrize(
    ("statistics", "is_alone"), [("query", False), ("support", True), ("image", True)]
)
def test_only_query_statistics_make_answers_depend_on_other_query_images(
    statistics, is_alone: bool
) -> None:
    whole, batch = network("conv4"), tasks("conv4")
    one = scores(whole, batch, statistics, 1)
    first_of_many = scores(whole, batch, statistics, 6)[:1]
    assert torch.allclose(one, first_of_many, rtol=1e-10, atol=1e-12) == is_alone


def test_support_statistics_depend_on_the_support_images() -> None:
    whole, batch = network("conv4"), tasks("conv4")
    others = Tasks(
        batch.support.flip(0), batch.support_labels, batch.query, batch.query_labels
    )
    for statistics, is_same in (("support", False), ("image", True)):
        ours = scores(whole, batch, statistics, 4)
        theirs = scores(whole, others, statistics, 4)
        assert torch.equal(ours, theirs) == is_same


def test_no_hook_stays_on_the_network() -> None:
    whole, batch = network("conv4"), tasks("conv4")
    scores(whole, batch, "support", 4)
    assert not any(module._forward_hooks for module in whole.modules())
