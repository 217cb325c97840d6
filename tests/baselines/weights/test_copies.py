import torch

from fewbench.baselines.weights.copies import copies_in

KERNEL = torch.arange(4.0)
OTHER = torch.arange(4.0) + 1
ONES = torch.ones(4)


def test_a_part_registered_twice_is_found_with_its_constants() -> None:
    first = {"net.conv.weight": KERNEL, "net.bn.weight": ONES}
    second = {"copy.conv.weight": KERNEL, "copy.bn.weight": ONES}

    found = copies_in({**first, **second})

    assert found == dict(zip(second, first, strict=True))


def test_a_copy_may_lie_inside_the_first_or_outside() -> None:
    inner = {"conv.weight": KERNEL, "net.conv.weight": KERNEL}
    assert copies_in(inner) == {"net.conv.weight": "conv.weight"}
    outer = dict(reversed(inner.items()))
    assert copies_in(outer) == {"conv.weight": "net.conv.weight"}


def test_equal_constants_alone_are_no_copies() -> None:
    assert copies_in({"a.weight": ONES, "b.weight": ONES}) == {}
    one = torch.tensor([2.0])
    assert copies_in({"a.weight": one, "b.weight": one}) == {}


def test_a_part_that_differs_elsewhere_is_copied_layer_by_layer() -> None:
    tensors = {
        "a.conv.weight": KERNEL,
        "a.fc.weight": OTHER,
        "b.conv.weight": KERNEL,
        "b.fc.weight": OTHER + 1,
    }
    assert copies_in(tensors) == {"b.conv.weight": "a.conv.weight"}


def test_a_layer_that_differs_in_one_tensor_is_no_copy() -> None:
    tensors = {"a.weight": KERNEL, "a.bias": ONES, "b.weight": KERNEL, "b.bias": OTHER}
    assert copies_in(tensors) == {}


def test_other_types_are_left_alone() -> None:
    double = KERNEL.double()
    assert copies_in({"a.weight": KERNEL, "b.weight": double}) == {}
    whole = torch.arange(4)
    assert copies_in({"a.weight": whole, "b.weight": whole}) == {}
