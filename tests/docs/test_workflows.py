"""The workflows that users copy: valid YAML, and commands that exist."""

import re

import pytest

from fewbench.benchmark.cli import leaderboard
from fewbench_tests.paths import REPOSITORY

yaml = pytest.importorskip("yaml", reason="needs PyYAML, which mkdocs brings")
WORKFLOWS = sorted((REPOSITORY / "docs").glob("*.yml"))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_its_installation_is_a_variable(path) -> None:
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    # fewbench is in no package index.
    assert "./vendor/fewbench" in workflow["env"]["INSTALL"]
    for job in workflow["jobs"].values():
        assert job["steps"][0]["with"]["submodules"]
        steps = [step.get("run", "") for step in job["steps"]]
        assert "${{ env.INSTALL }}" in steps
        assert job["timeout-minutes"] <= 120


def test_the_board_is_verified_against_the_branch_of_the_pull_request() -> None:
    text = (REPOSITORY / "docs" / "leaderboard.yml").read_text(encoding="utf-8")
    workflow = yaml.safe_load(text)
    steps = workflow["jobs"]["verify"]["steps"]
    assert steps[0]["with"]["fetch-depth"] == 0
    assert workflow["jobs"]["verify"]["permissions"] == {"contents": "read"}
    (script,) = [step["run"] for step in steps if "GITHUB_STEP_SUMMARY" in str(step)]
    assert '--base "origin/$GITHUB_BASE_REF" > findings.txt 2>&1' in script
    assert script.rstrip().endswith("exit $code")
    commands = [command.callback for command in leaderboard.app.registered_commands]
    names = {command.__name__ for command in commands if command is not None}
    assert set(re.findall(r"fewbench leaderboard (\w+)", text)) <= names
