import torch
from torch import nn

from fewbench.baselines.backbones import conv4_strided
from fewbench.baselines.gradient.activation_memory import bytes_of_chunk, bytes_of_image
from fewbench_tests.cuda import NEEDS_CUDA


def test_bytes_are_counted_by_hand() -> None:
    """Two layers: maps of 4 x 4 x 3 floats, then 48 features."""
    network = nn.Sequential(nn.Conv2d(2, 3, 3, padding=1), nn.Flatten())
    outputs = 4 * 4 * 3 + 48
    assert bytes_of_image(network, (4, 4, 2), graph=False) == 4 * outputs
    columns = 4 * 4 * 9 * 2  # at each position a window of 3 x 3 pixels, 2 channels
    assert bytes_of_image(network, (4, 4, 2), graph=True) == 4 * (outputs + columns)


def test_the_network_is_left_as_it_was() -> None:
    network = conv4_strided((28, 28, 1), 8)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    bytes_of_image(network, (28, 28, 1), graph=True)
    for name, value in network.state_dict().items():
        assert torch.equal(before[name], value)
    assert not any(module._forward_hooks for module in network.modules())


def test_an_evaluation_has_smaller_chunks_on_a_cpu() -> None:
    cpu = torch.device("cpu")
    assert bytes_of_chunk(cpu, training=True) == 512 * 2**20
    assert bytes_of_chunk(cpu, training=False) == 256 * 2**20


@NEEDS_CUDA
def test_a_chunk_leaves_most_of_a_gpu_free() -> None:
    cuda = torch.device("cuda")
    total = torch.cuda.get_device_properties(cuda).total_memory
    assert 0 < bytes_of_chunk(cuda, training=True) <= total / 16
