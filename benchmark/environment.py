"""What this machine has: versions, devices, and what is missing with the line that installs it."""

import os
import platform
import re
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from importlib.util import find_spec

LEARN2LEARN_INSTALL = (
    "pip install torchvision gym==0.26.2 requests tqdm setuptools wheel 'cython>=3' && "
    "CYTHON_FORCE_REGEN=1 pip install --use-pep517 "
    "--no-build-isolation --no-deps --config-settings=--global-option=build_ext learn2learn==0.2.0"
)
# What a result depends on.
_RECORDED = (
    "fewbench",
    "torch",
    "numpy",
    "scipy",
    "h5py",
    "pillow",
    "learn2learn",
    "higher",
)
_LEARN2LEARN_NEEDS = ("torchvision", "gym", "scipy", "requests", "tqdm")


@dataclass(frozen=True)
class Optional:
    """A package that some backend needs."""

    name: str
    installed: str | None
    missing: tuple[str, ...]
    needed_for: str
    install: str

    @property
    def usable(self) -> bool:
        """Installed together with all it needs at import."""
        return self.installed is not None and not self.missing


def environment() -> dict[str, str]:
    """Versions and hardware that a number depends on, for the record of a result."""
    found = {name: installed_version(name) for name in _RECORDED}
    facts = {name: text for name, text in found.items() if text}
    facts["python"] = platform.python_version()
    facts["system"] = f"{platform.system()} {platform.machine()}"
    facts["processor"] = _processor()
    facts["cores"] = str(
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else "?"
    )
    return facts


def requirements() -> dict[str, str | None]:
    """Every package that fewbench requires -> its version, or None when it is missing."""
    lines = [line for line in requires("fewbench") or [] if "extra ==" not in line]
    names = [found[0] for line in lines if (found := re.match(r"[\w.-]+", line))]
    return {name: installed_version(name) for name in sorted(names)}


def optional_packages() -> list[Optional]:
    """Packages that fewbench runs without, and what each is for."""
    missing = tuple(name for name in _LEARN2LEARN_NEEDS if find_spec(name) is None)
    return [
        Optional(
            "learn2learn",
            installed_version("learn2learn"),
            missing,
            "the learn2learn backend and its speed comparison",
            LEARN2LEARN_INSTALL,
        ),
        Optional(
            "higher",
            installed_version("higher"),
            (),
            "the higher backend",
            "pip install higher==0.2.1",
        ),
    ]


def installed_version(name: str) -> str | None:
    """Version of an installed distribution, or None."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            names = [
                line.partition(":")[2].strip() for line in file if "model name" in line
            ]
    except OSError:
        names = []
    return names[0] if names else platform.processor() or platform.machine()
