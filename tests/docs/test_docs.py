"""What README and docs/ say works: examples run, commands exist, links lead somewhere."""

import re
import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import typer

from fewbench.benchmark.cli.app import app
from fewbench.benchmark.protocols import catalogue
from fewbench.benchmark.protocols.listing import PROTOCOLS
from fewbench_tests.paths import REPOSITORY

PAGES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md"))]
NAMES = [page.name for page in PAGES]


def code_blocks(page: Path, language: str) -> list[str]:
    """The code blocks of one language in a page."""
    text = page.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def commands(page: Path) -> list[list[str]]:
    """The words of every `fewbench ...` line in the shell examples of a page."""
    found = []
    for block in code_blocks(page, "sh"):
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            if words[:1] == ["fewbench"]:
                found.append(words[1:])
    return found


def test_the_readme_is_short() -> None:
    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    lines = text.splitlines()

    assert len(lines) <= 200
    assert max(len(line) for line in lines) <= 100
    assert len(text.split()) <= 1500


@pytest.fixture
def few_episodes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page says what a user wants; a test has less time."""
    few = {
        name: replace(protocol, n_episodes=100) for name, protocol in PROTOCOLS.items()
    }
    monkeypatch.setattr(catalogue, "all_protocols", lambda _: few)


@pytest.mark.usefixtures("few_episodes", "unrendered")
@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_python_examples_run(
    page: Path,
    glyphs_root: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("FEWBENCH_DATA", str(glyphs_root))
    monkeypatch.chdir(tmp_path)
    blocks = code_blocks(page, "python")
    for block in blocks:
        exec(compile(block, page.name, "exec"), {"__name__": "__main__"})
    if blocks:
        assert "Error" not in capsys.readouterr().err


def test_there_are_python_examples() -> None:
    n_blocks = {page.name: len(code_blocks(page, "python")) for page in PAGES}

    assert n_blocks["README.md"] >= 1
    assert n_blocks["python.md"] >= 5


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_commands_are_as_the_command_line_has_them(page: Path) -> None:
    for words in commands(page):
        parse(words)


def parse(words: list[str]) -> None:
    """Parse the words of a command without running it. Raises what Click raises."""
    command = typer.main.get_command(app)
    rest = list(words)
    while subcommands := getattr(command, "commands", {}):
        command = subcommands[rest.pop(0)]
    command.make_context("example", rest)


def test_a_wrong_command_is_noticed() -> None:
    with pytest.raises(Exception, match="No such option"):
        parse(["evaluate", "centroid", "--protokol", "glyphs-5w1s", "--out", "r"])
    with pytest.raises(KeyError):
        parse(["evaluat", "centroid"])


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text)
    local = [target for target in targets if "://" not in target]

    missing = [target for target in local if not (page.parent / target).exists()]

    assert not missing


def test_the_site_is_built_and_asks_nobody_else_for_anything(tmp_path: Path) -> None:
    site = tmp_path / "site"
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-d", str(site)]

    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True)

    assert done.returncode == 0, done.stderr
    for page in site.rglob("*.html"):
        html = page.read_text(encoding="utf-8")
        assert not re.search(r'src="(https?:)?//', html)
        assert not re.search(r'<link[^>]*href="(https?:)?//', html)
    for style in site.rglob("*.css"):
        assert not re.search(
            r"url\(['\"]?(https?:)?//", style.read_text(encoding="utf-8")
        )
