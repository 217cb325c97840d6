import json

from fewbench.benchmark.cli.env import package_document, package_text
from fewbench.benchmark.environment import OptionalPackage


def test_learners_and_backends_are_listed(run) -> None:
    env = json.loads(run("env", "--json").stdout)
    assert env["learners"]["native"] == ["protonet", "maml", "fomaml", "anil"]
    assert env["learners"]["higher"] == ["maml", "fomaml", "anil"]
    assert env["learners"]["untrained"] == ["centroid"]
    assert env["optional"]["higher"]["install"].startswith("pip install higher")


def test_env_names_what_is_missing_and_how_to_install_it(run) -> None:
    document = json.loads(run("env", "--json").stdout)
    assert document["required"]["torch"]
    assert document["device"]["device auto"]
    learn2learn = document["optional"]["learn2learn"]
    assert "CYTHON_FORCE_REGEN=1 pip install" in learn2learn["install"]
    if not learn2learn["usable"]:
        assert "CYTHON_FORCE_REGEN=1 pip install" in run("env").stdout


def test_a_package_that_cannot_be_used_says_why() -> None:
    package = OptionalPackage(
        "one", "1.0", ("two", "three"), "speed", "pip install one"
    )
    assert package_text(package) == (
        "one (speed): 1.0, usable: no (missing: two, three)\n  install: pip install one"
    )
    assert package_document(package)["usable"] is False
    fine = OptionalPackage("one", "1.0", (), "speed", "pip install one")
    assert package_text(fine) == "one (speed): 1.0, usable: yes"
    absent = OptionalPackage("one", None, (), "speed", "pip install one")
    assert package_text(absent).startswith("one (speed): not installed, usable: no\n")
