"""Find out how this machine computes, since answers can differ between machines."""

import torch


def machine_facts() -> dict[str, str]:
    """Return the instruction set and the number of threads that torch computes with.

    If there is a GPU, its kind and its libraries are named as well.

    Sums are rounded in another order with another instruction set, such as AVX2 or
    AVX512, and with another number of threads.
    """
    capability = torch.backends.cpu.get_cpu_capability()
    n_threads = torch.get_num_threads()
    facts = {
        "instruction_set": capability,
        "threads": str(n_threads),
    }
    if torch.cuda.is_available():
        facts["gpu"] = gpu_facts()
    return facts


def gpu_facts() -> str:
    """Return the kind of the GPU and the versions of its libraries, as one text.

    Sums are rounded in another order on another kind of GPU.
    """
    name = torch.cuda.get_device_name()
    cuda = torch.version.cuda
    cudnn = torch.backends.cudnn.version()
    return f"{name}, CUDA {cuda}, cuDNN {cudnn}"
