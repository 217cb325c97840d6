"""Chooses the device to compute on and the precision to compute in."""

import torch

from ..learner import BaselineError

DEVICES = ("auto", "cpu", "cuda")
PRECISIONS = ("auto", "fp32", "bf16")


def resolve_device(name: str) -> torch.device:
    """The device that `auto`, `cpu` or `cuda` stands for.

    Raises BaselineError for an unknown name, and when this machine lacks the device.
    """
    if name not in DEVICES:
        raise BaselineError(
            f"--device {name}: unknown device: expected auto, cpu or cuda. "
            "Use --device auto"
        )
    if name == "cpu":
        return torch.device("cpu")
    if torch.cuda.is_available():
        return torch.device("cuda")
    if name == "cuda":
        raise BaselineError(
            "--device cuda: torch finds no CUDA device here. Use --device auto"
        )
    return torch.device("cpu")


def resolve_precision(precision: str, device: torch.device) -> str:
    """`auto` is bf16 where the device multiplies bf16 natively, else fp32.

    Raises BaselineError for an unknown name.
    """
    if precision not in PRECISIONS:
        raise BaselineError(
            f"--precision {precision}: unknown precision: expected auto, fp32 or bf16. "
            "Use --precision auto"
        )
    if precision != "auto":
        return precision
    if _multiplies_bf16(device):
        return "bf16"
    return "fp32"


def device_facts() -> dict[str, str]:
    """What `auto` stands for on this machine, and how many threads torch uses."""
    device = resolve_device("auto")
    precision = resolve_precision("auto", device)
    n_threads = torch.get_num_threads()
    device_name = "cpu"
    if device.type == "cuda":
        device_name = torch.cuda.get_device_name()
    return {
        "device auto": device_name,
        "precision auto": precision,
        "threads": str(n_threads),
    }


def _multiplies_bf16(device: torch.device) -> bool:
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    # Without AMX tiles, AVX-512's bf16 instructions multiply no faster than those of fp32,
    # and converting costs more than the halved memory traffic saves: fp32 measured 1.2
    # times as fast.
    return torch.cpu._is_amx_tile_supported()
