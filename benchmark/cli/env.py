"""The command `fewbench env`."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fewbench.documents import in_lines

from .console import emit
from .options import Json

if TYPE_CHECKING:
    from ..environment import OptionalPackage


def env(as_json: Json = False) -> None:
    """Show the installed packages, the devices and the backends.

    For each optional package that is missing, show the command that installs it.
    """
    from ...baselines.catalogue import UNTRAINED
    from ...baselines.device.choose import device_facts
    from ...baselines.families import BACKENDS
    from ..environment import environment, optional_packages, requirements

    facts = environment()
    devices = device_facts()
    required = requirements()
    optional = optional_packages()
    untrained = list(UNTRAINED)
    packages = {}
    blocks = [
        _found_table({**facts, **devices}, required),
        _backends_table({**BACKENDS, "(untrained)": untrained}),
    ]
    for package in optional:
        packages[package.name] = package_document(package)
        blocks.append(package_text(package))
    document = {
        "environment": facts,
        "device": devices,
        "learners": {**BACKENDS, "untrained": untrained},
        "required": required,
        "optional": packages,
    }
    emit(document, "\n\n".join(blocks), as_json)


def package_document(package: "OptionalPackage") -> dict[str, Any]:
    """Return an optional package as JSON."""
    return {
        "version": package.installed,
        "usable": package.usable,
        "missing": list(package.missing),
        "install": package.install,
    }


def package_text(package: "OptionalPackage") -> str:
    """Return a text that says whether an optional package can be used.

    If it cannot be used, the text has the command that installs it.
    """
    state = package.installed or "not installed"
    head = f"{package.name} ({package.needed_for}): {state}"
    if package.usable:
        return f"{head}, usable: yes"
    missing = ""
    if package.missing:
        names = ", ".join(package.missing)
        missing = f" (missing: {names})"
    return in_lines([f"{head}, usable: no{missing}", f"  install: {package.install}"])


def _found_table(facts: dict[str, str], required: dict[str, str | None]) -> str:
    from ...reports.tables.text import text_table

    rows = list(map(list, facts.items()))
    for name, version in required.items():
        rows.append([name, version or f"MISSING: python -m pip install {name}"])
    return text_table(["what", "found"], rows)


def _backends_table(backends: Mapping[str, Sequence[str]]) -> str:
    from ...reports.tables.text import text_table

    rows = []
    for name, learners in backends.items():
        rows.append([name, ", ".join(learners)])
    return text_table(["backend", "learners"], rows)
