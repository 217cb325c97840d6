"""A site is a folder of files: the same board gives the same bytes."""

import dataclasses
import json
import re
from pathlib import Path

import pytest

from fewbench.reports.leaderboard.site import write_site
from fewbench.reports.records import ResultError
from fewbench_tests.made_boards import PROTOCOL, make_board, make_entry, make_method


def contents(folder: Path) -> dict[str, bytes]:
    found = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    return write_site(make_board(), tmp_path_factory.mktemp("site")).parent


def test_each_protocol_and_each_entry_has_its_files(site: Path) -> None:
    names = set(contents(site))

    for name in ("index.html", "compare.html", "table.csv", "table.json"):
        assert f"protocols/glyphs-5w5s/{name}" in names
    for name in ("index.html", "results.csv", "results.json", "model-index.yaml"):
        assert f"entries/maml/{name}" in names
    assert "entries/protonet/episodes/glyphs-5w1s.js" in names
    assert "entries/protonet/episodes/glyphs-5w5s.json" in names


def test_the_same_board_gives_the_same_bytes(site: Path, tmp_path: Path) -> None:
    board = make_board()
    shuffled = dataclasses.replace(board, entries=board.entries[::-1])
    write_site(shuffled, tmp_path / "again")

    assert contents(tmp_path / "again") == contents(site)


def test_every_link_within_the_site_leads_to_a_file(site: Path) -> None:
    for path in site.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        for link in re.findall(r'(?:href|src|data-file)="([^"#:]+)[#"]', text):
            assert (path.parent / link).is_file(), f"{path.name}: {link}"


def test_files_that_are_no_longer_written_go_and_those_of_others_stay(
    tmp_path: Path,
) -> None:
    out = tmp_path / "site"
    write_site(make_board(), out)
    (out / "CNAME").write_text("example.org")
    write_site(make_board(entries=(make_entry("maml"),)), out)

    assert not (out / "entries" / "protonet").exists()
    assert (out / "entries" / "maml" / "index.html").exists()
    assert (out / "CNAME").read_text() == "example.org"


def test_a_failure_leaves_the_site_as_it_was(site: Path) -> None:
    before = contents(site)
    twice = make_board(entries=(make_entry("a"), make_entry("a")))

    with pytest.raises(
        ResultError, match=r"expected one entry of this id on glyphs-5w1s"
    ):
        write_site(twice, site)

    assert contents(site) == before


def test_two_protocols_in_one_folder_are_refused(tmp_path: Path) -> None:
    other = dataclasses.replace(PROTOCOL, interval="legacy-z")
    entries = (make_entry("a"), make_entry("b", protocol=other))
    board = make_board(protocols=(PROTOCOL, other), entries=entries, reported={})

    with pytest.raises(ResultError, match=r"expected one protocol of this name"):
        write_site(board, tmp_path / "site")

    assert not (tmp_path / "site").exists()


def test_strangers_cannot_choose_where_files_lie(tmp_path: Path) -> None:
    ids = ("../../evil", "/etc/evil", "a\x00b", "CON")
    entries = [make_entry(one, 0.5 + 0.01 * i) for i, one in enumerate(ids)]
    write_site(
        make_board(entries=tuple(entries), reported={}), tmp_path / "out" / "site"
    )

    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["site"]
    assert len(list((tmp_path / "out" / "site" / "entries").iterdir())) == 4


def test_the_json_of_an_entry_has_the_rows_of_the_tables(site: Path) -> None:
    table = json.loads((site / "protocols/glyphs-5w1s/table.json").read_text())
    entry = json.loads((site / "entries/protonet/results.json").read_text())

    assert [row["protocol"] for row in entry["rows"]] == ["glyphs-5w1s", "glyphs-5w5s"]
    assert entry["rows"][0] == table["rows"][0]


def test_another_method_changes_no_rank_of_a_filtered_table(tmp_path: Path) -> None:
    """The ranks stand in the files, so no filter of a page can change them."""
    board = make_board()
    other = make_entry("new", 0.1, method=make_method(name="New"))
    write_site(dataclasses.replace(board, entries=(*board.entries, other)), tmp_path)
    table = json.loads((tmp_path / "protocols/glyphs-5w1s/table.json").read_text())

    assert table["protocol"]["name"] == PROTOCOL.name
    ranks = {
        row["entry"]: (row["rank_best"], row["rank_worst"]) for row in table["rows"]
    }
    assert ranks["new"] == (4, 4)
    assert ranks["maml"] == (2, 3)
