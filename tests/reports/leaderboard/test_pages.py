"""The pages show the rows of the table, and no text of strangers acts on them."""

import html
import re
from html.parser import HTMLParser

import pytest

from fewbench.reports.leaderboard.board_rows import ProtocolTable, table_of
from fewbench.reports.leaderboard.entries import Board, LogLine
from fewbench.reports.leaderboard.pages import (
    OnProtocol,
    compare_page,
    entry_page,
    index_page,
    protocol_page,
    rules_page,
)
from fewbench_tests.made_boards import (
    PROTOCOL,
    make_board,
    make_entry,
    make_method,
    make_number,
)

HOSTILE = "=a\x1b[31m\u202eb\n<script>alert(1)</script>\"' onload=alert(1) \x00"
VOID = {"meta", "br", "link", "input"}


class Parsed(HTMLParser):
    """Collects tags with their attributes and the texts of table rows."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.rows: list[list[str]] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if {"td", "th"} & set(self.open):
            self.rows[-1][-1] += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


def runs_of(board: Board, entry_id: str = "protonet") -> list[OnProtocol]:
    runs = []
    for protocol in board.protocols:
        table = table_of(board, protocol)
        for entry in board.on(protocol):
            (row,) = [one for one in table.rows if one.entry == entry.id]
            run = OnProtocol(table=table, entry=entry, row=row, above="maml")
            if entry.id == entry_id:
                runs.append(run)
    return runs


def all_pages(board: Board, entry_id: str = "protonet") -> dict[str, str]:
    table = table_of(board, PROTOCOL)
    return {
        "index": index_page(board, [table]),
        "protocol": protocol_page(board, table),
        "compare": compare_page(board, table),
        "entry": entry_page(board, runs_of(board, entry_id)),
        "rules": rules_page(board),
    }


@pytest.fixture(scope="module")
def board() -> Board:
    return make_board()


@pytest.fixture(scope="module")
def table(board: Board) -> ProtocolTable:
    return table_of(board, PROTOCOL)


@pytest.fixture(scope="module")
def pages(board: Board) -> dict[str, str]:
    return all_pages(board)


def test_pages_are_well_formed_and_have_names_for_everything(pages) -> None:
    for text in pages.values():
        page = Parsed(text)
        assert page.all("html") == [{"lang": "en"}]
        assert len(page.all("title")) == len(page.all("h1")) == 1
        assert len(page.all("caption")) == len(page.all("table"))
        assert all(one.get("scope") in ("row", "col") for one in page.all("th"))
        scrolled = [one for one in page.all("div") if "scroll" in str(one.get("class"))]
        for one in scrolled:
            assert one["tabindex"] == "0"
            assert one["aria-label"]


def test_every_page_says_that_re_scoring_proves_little(pages) -> None:
    for text in pages.values():
        assert (
            "Test labels are public. So re-scoring proves only the arithmetic" in text
        )


def test_the_page_shows_the_numbers_of_the_table(pages, table) -> None:
    cells = Parsed(pages["protocol"]).rows[1 : 1 + len(table.rows)]

    for shown, row in zip(cells, table.rows, strict=True):
        assert shown[3] == row.value
        assert shown[4] == row.half_width_is
        assert shown[5] == str(row.n_episodes)
        assert shown[8] == row.trust
        if row.rank:
            assert shown[0] == str(row.rank)
        if row.seed_sd is not None:
            assert shown[7] == f"{100 * row.seed_sd:.2f}"


def test_rows_without_rank_say_why(pages) -> None:
    rows = Parsed(pages["protocol"]).rows[1:7]

    assert [row[0] for row in rows] == [
        "1", "replaced", "not verified", "2–3", "2–3", "withdrawn",
    ]  # fmt: skip
    assert [row[1] for row in rows if row[1] != "–"] == ["1–2", "needs 3 seeds", "2–3"]
    assert "replaced by protonet" in rows[1][2]
    assert "reported, not verified: Author et al. 2017, Table 1" in rows[2][2]


def test_the_order_and_the_tests_are_stated_above_the_table(pages) -> None:
    above, _, _ = pages["protocol"].partition("<table")

    assert "Sorted by mean accuracy, the highest first." in above
    words = " ".join(above.split())
    assert "all 3 pairs of current entries on this protocol (Holm, 95 %)" in words
    assert "Filters hide rows and change no rank." in words


def test_the_first_page_has_protocols_log_and_what_is_missing(pages) -> None:
    rows = Parsed(pages["index"]).rows

    assert rows[1][:4] == ["glyphs-5w1s", "3", "2", "1"]
    assert ["other.fewbench.zip", "no verdict yet"] in rows
    assert rows[-3] == [
        "2026-11-26",
        "re-trained",
        "protonet",
        "https://example.org/run",
    ]
    assert 'href="rules.html"' in pages["index"]


def test_a_board_without_rules_and_log_has_no_link_to_them() -> None:
    board = make_board(rules_text="", log=(), missing={})
    text = index_page(board, [])

    assert "rules.html" not in text
    assert "Nothing has happened yet." in text


def test_an_entry_has_its_card_its_notes_and_its_seeds(pages) -> None:
    page = Parsed(pages["entry"])

    assert ["backbone", "conv4-64"] in page.rows
    assert ["tuned hyper-parameters", "lr: 0.001 of 0.01, 0.001"] in page.rows
    assert "glyphs-5w1s: the rates agree" in pages["entry"]
    row = page.rows[1]
    assert row[:3] == ["glyphs-5w1s", "79.67 ± 1.86", "1"]
    assert row[7] == "0: 78.33, 1: 82.22, 2: 78.44"
    links = {one["href"] for one in page.all("a")}
    assert "../../protocols/glyphs-5w1s/compare.html#a=protonet&b=maml" in links
    assert {"model-index.yaml", "model-index.json", "results.csv"} <= links


def test_links_to_strangers_pass_no_credit_and_no_window(pages) -> None:
    outside = []
    for text in pages.values():
        links = Parsed(text).all("a")
        outside += [one for one in links if str(one["href"]).startswith("http")]

    assert len(outside) >= 4
    assert {one["rel"] for one in outside} == {"nofollow noopener noreferrer"}


def test_pages_load_only_what_lies_beside_them(pages) -> None:
    for text in pages.values():
        page = Parsed(text)
        (policy,) = [one for one in page.all("meta") if one.get("http-equiv")]
        assert str(policy["content"]).startswith(
            "default-src 'none'; script-src 'self'"
        )
        loaded = [one["src"] for one in page.all("script")]
        loaded += [one["href"] for one in page.all("link")]
        assert all(
            re.fullmatch(r"(\.\./\.\./)?\w+\.(css|js)", str(one)) for one in loaded
        )


def test_no_text_of_strangers_acts_on_any_page() -> None:
    answers = dict.fromkeys(
        ("name", "licence", "paper", "code", "commit", "backbone", "training",
         "pretraining", "extra_data", "augmentation", "adaptation", "hardware"), HOSTILE,
    )  # fmt: skip
    method = make_method(authors=(HOSTILE,), tuned={HOSTILE: HOSTILE}, **answers)
    entry = make_entry(HOSTILE, method=method, pixels=HOSTILE, date=HOSTILE,
                       made_with=HOSTILE, notes=(HOSTILE,), standing="replaced",
                       replaced_by=HOSTILE)  # fmt: skip
    number = make_number(
        method=HOSTILE, source=HOSTILE, url="javascript:alert(1)", backbone=HOSTILE
    )
    line = LogLine(date=HOSTILE, action=HOSTILE, entry=HOSTILE, text=HOSTILE)
    board = make_board(
        title=HOSTILE, rules=HOSTILE, rules_text=HOSTILE, entries=(entry,), log=(line,),
        reported={PROTOCOL.name: (number,)}, missing={HOSTILE: HOSTILE},
    )  # fmt: skip

    for name, text in all_pages(board, HOSTILE).items():
        page = Parsed(text)
        assert len(page.all("script")) == (name in ("protocol", "compare")), name
        attributes = {key for _, attrs in page.tags for key in attrs}
        assert not [key for key in attributes if key.startswith("on")]
        assert "javascript:" not in text
        assert re.sub(r"[\n\t]", "", text).isprintable()
        assert "<script>alert(1)" in html.unescape(text)


def test_a_long_text_is_cut_in_tables_and_whole_on_the_page_of_the_entry() -> None:
    backbone = "resnet " * 70
    entry = make_entry("protonet", method=make_method(backbone=backbone))
    pages = all_pages(make_board(entries=(entry,), reported={}))

    assert Parsed(pages["protocol"]).rows[1][10] == ("resnet " * 9)[:59] + "…"
    assert ["backbone", backbone] in Parsed(pages["entry"]).rows
    assert f'<option value="{backbone}">' in pages["protocol"]


@pytest.mark.parametrize(
    ("n_entries", "words"),
    [(1, "Fewer than two entries"), (2, "the only pair of"), (3, "all 3 pairs of")],
)
def test_the_number_of_tests_is_stated(n_entries: int, words: str) -> None:
    entries = [make_entry(f"entry-{i}", 0.5) for i in range(n_entries)]
    board = make_board(entries=tuple(entries))

    text = protocol_page(board, table_of(board, PROTOCOL))

    assert words in text
