import importlib.metadata

import pytest

from fewbench.benchmark import environment as module
from fewbench.benchmark.environment import (
    OptionalPackage,
    environment,
    installed_version,
    optional_packages,
    recorded_environment,
    requirements,
)


def test_the_record_names_versions_and_hardware() -> None:
    facts = environment()
    assert facts["torch"] == importlib.metadata.version("torch")
    assert {"fewbench", "numpy", "python", "system", "processor"} <= facts.keys()
    assert int(facts["cores"]) >= 1
    assert all(facts.values())  # a package that is missing has no entry


def test_a_result_records_how_torch_computes() -> None:
    facts = recorded_environment()
    assert facts.items() > environment().items()
    assert facts["instruction_set"]
    assert int(facts["threads"]) >= 1


def test_requirements_are_the_packages_without_the_extras() -> None:
    found = requirements()
    assert found["torch"] == importlib.metadata.version("torch")
    assert "gym" not in found  # only learn2learn needs it
    assert list(found) == sorted(found)


def test_a_package_that_is_not_installed_has_no_version() -> None:
    assert installed_version("numpy") == importlib.metadata.version("numpy")
    assert installed_version("no-such-package-anywhere") is None


def test_optional_packages_say_what_they_lack(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "find_spec", lambda _: None)
    learn2learn, higher = optional_packages()
    assert (learn2learn.name, higher.name) == ("learn2learn", "higher")
    assert "gym" in learn2learn.missing
    assert not learn2learn.usable
    assert higher.missing == ()


def test_a_package_is_usable_with_everything_that_it_imports() -> None:
    assert OptionalPackage("one", "1.0", (), "speed", "pip install one").usable
    assert not OptionalPackage("one", "1.0", ("two",), "speed", "").usable
    assert not OptionalPackage("one", None, (), "speed", "").usable
