"""Find the versions and hardware of this machine, and the optional packages."""

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
# The packages whose versions a result depends on.
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
class OptionalPackage:
    """A package that only one backend needs.

    installed: the installed version, or None if the package is not installed
    missing: the names of packages that it needs and that are not installed
    needed_for: the purpose of the package in fewbench, such as "the higher backend"
    install: the shell command that installs the package
    """

    name: str
    installed: str | None
    missing: tuple[str, ...]
    needed_for: str
    install: str

    @property
    def usable(self) -> bool:
        """Whether the package is installed together with everything that it needs."""
        return self.installed is not None and not self.missing


def environment() -> dict[str, str]:
    """Return the versions and the hardware on which a result may depend: name -> text.

    Packages that are not installed are left out.
    """
    facts = {}
    for name in _RECORDED:
        found = installed_version(name)
        if found:
            facts[name] = found
    facts["python"] = platform.python_version()
    facts["system"] = f"{platform.system()} {platform.machine()}"
    facts["processor"] = _processor()
    facts["cores"] = _n_cores()
    return facts


def recorded_environment() -> dict[str, str]:
    """Return the facts of `environment`, and how torch computes on this machine."""
    from ..baselines.device.machine import machine_facts  # it imports torch

    return {**environment(), **machine_facts()}


def requirements() -> dict[str, str | None]:
    """Return the installed version of every package that fewbench requires.

    name of the package -> version, or None if it is not installed
    """
    names = []
    for line in requires("fewbench") or []:
        name = re.match(r"[\w.-]+", line)
        if name and "extra ==" not in line:
            names.append(name[0])
    return {name: installed_version(name) for name in sorted(names)}


def optional_packages() -> list[OptionalPackage]:
    """Return the optional packages, with their purpose and their installed version."""
    learn2learn = OptionalPackage(
        name="learn2learn",
        installed=installed_version("learn2learn"),
        missing=tuple(filter(_is_missing, _LEARN2LEARN_NEEDS)),
        needed_for="the learn2learn backend and its speed comparison",
        install=LEARN2LEARN_INSTALL,
    )
    higher = OptionalPackage(
        name="higher",
        installed=installed_version("higher"),
        missing=(),
        needed_for="the higher backend",
        install="pip install higher==0.2.1",
    )
    return [learn2learn, higher]


def installed_version(name: str) -> str | None:
    """Return the version of a package, or None if the package is not installed."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _is_missing(name: str) -> bool:
    return find_spec(name) is None


def _n_cores() -> str:
    """Return the number of cores that this process may use; "?" if it is unknown."""
    if not hasattr(os, "sched_getaffinity"):
        return "?"
    return str(len(os.sched_getaffinity(0)))


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            for line in file:
                if "model name" in line:
                    return line.partition(":")[2].strip()
    except OSError:
        pass  # this file exists only on Linux
    return platform.processor() or platform.machine()
