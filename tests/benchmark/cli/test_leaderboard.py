import json

import pytest

from fewbench_tests.boards import made_bundle


@pytest.fixture
def bundle(tmp_path):
    return str(made_bundle(tmp_path / "packed", "first", seeds=(0, 1)))


def test_a_board_from_nothing_to_its_pages(fewbench, bundle, tmp_path) -> None:
    fewbench("leaderboard", "init", "board", "--title", "Ours")
    added = fewbench("leaderboard", "add", "board", bundle)
    assert "first.fewbench.zip: re-scored, 0 errors" in added.stdout
    assert "leaderboard build board --out site" in added.stderr
    fewbench("leaderboard", "build", "board", "--out", "site")
    page = (tmp_path / "site" / "index.html").read_text()
    assert "Ours" in page
    assert (tmp_path / "site" / "rules.html").is_file()
    reason = ("--reason", "its authors asked for it")
    fewbench("leaderboard", "withdraw", "board", "first", *reason)
    fewbench("leaderboard", "note", "board", "first", "--objection", "why?")
    fewbench("leaderboard", "build", "board", "--out", "site")
    page = (tmp_path / "site" / "index.html").read_text()
    assert "its authors asked for it" in page
    assert "why?" in page
    assert "board: no error" in fewbench("leaderboard", "verify", "board").stdout


def test_the_same_board_gives_the_same_bytes(fewbench, bundle, tmp_path) -> None:
    fewbench("leaderboard", "init", "board")
    fewbench("leaderboard", "add", "board", bundle)
    for site in ("one", "two"):
        fewbench("leaderboard", "build", "board", "--out", site)
    names = sorted(
        path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*.*")
    )
    assert len(names) > 10
    for name in names:
        first, second = (tmp_path / site / name for site in ("one", "two"))
        assert first.is_dir() or first.read_bytes() == second.read_bytes()


def test_findings_as_json(fewbench, bundle, tmp_path) -> None:
    fewbench("leaderboard", "init", "board")
    fewbench("leaderboard", "add", "board", bundle)
    (tmp_path / "board" / "bundles" / "first.fewbench.zip").unlink()
    done = fewbench("leaderboard", "verify", "board", "--json", code=1)
    document = json.loads(done.stdout)
    assert document["passed"] is False
    (finding,) = document["findings"]
    assert (finding["level"], finding["code"]) == ("error", "no-bundle")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["add", "nothing", "BUNDLE"], "fewbench leaderboard init nothing"),
        (["init", "board"], "is a leaderboard already"),
        (["add", "board", "none.fewbench.zip"], "no such submission"),
        (["add", "board", "BUNDLE", "--replaces", "x"], "is not on the board"),
        (["withdraw", "board", "first"], "Missing option '--reason'"),
        (["withdraw", "board", "first", "--reason", "x"], "is not on the board"),
        (["note", "board", "first"], "expected one of --objection"),
        (["verify", "nothing"], "fewbench leaderboard init nothing"),
        (["build", "nothing", "--out", "site"], "fewbench leaderboard init nothing"),
        (["build", "board"], "Missing option '--out'"),
        (["build", "board", "--out", "board/site"], "lies in the board"),
    ],
)
def test_a_mistake_is_answered_with_a_sentence(
    fewbench, bundle, arguments, complaint
) -> None:
    fewbench("leaderboard", "init", "board")
    words = [bundle if word == "BUNDLE" else word for word in arguments]
    error = fewbench("leaderboard", *words, code=2).stderr
    assert complaint in " ".join(error.split())
