import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest
from markupsafe import escape

from fewbench.reports.page.html import Page, write_page
from fewbench.reports.tables.accuracy import accuracy_tables
from fewbench.reports.tables.printed_table import PrintedCell, PrintedTable

VOID = {"meta", "img", "br", "link", "input", "hr"}
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="
)
GRIDS = {
    "More": [
        PrintedTable(
            "a table",
            "lr",
            ["name", "value"],
            [[PrintedCell("x"), PrintedCell("1", "†")]],
            ["so"],
        )
    ]
}
SVG = '<svg xmlns="http://www.w3.org/2000/svg"><path id="p1" d="M0 0"/></svg>'


class Parsed(HTMLParser):
    """Collects tags and attributes, and fails on tags that do not nest."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


@pytest.fixture
def page_text(various_results, tmp_path):
    figures = {"One": SVG, "Two": SVG, "Three": PNG}
    page = Page(accuracy_tables(various_results), GRIDS, figures, {"Some glyphs": PNG})
    return write_page(page, tmp_path / "index.html").read_text()


def test_the_page_is_well_formed_and_says_its_language(page_text):
    page = Parsed(page_text)

    assert page_text.startswith("<!DOCTYPE html>")
    assert page.all("html") == [{"lang": "en"}]
    assert len(page.all("h1")) == len(page.all("main")) == len(page.all("title")) == 1


def test_the_page_loads_nothing_and_runs_only_its_own_script(page_text):
    page = Parsed(page_text)

    assert not re.search(r"https?:|@import|url\(", page_text)
    assert not {"link", "iframe", "object", "base"} & {tag for tag, _ in page.tags}
    assert {str(attrs["src"]).split(",")[0] for attrs in page.all("img")} == {
        "data:image/svg+xml;base64",
        "data:image/png;base64",
    }
    assert not [
        name for _, attrs in page.tags for name in attrs if name.startswith("on")
    ]
    assert not [attrs for _, attrs in page.tags if "style" in attrs]
    assert page.all("script") == [{}]


def test_the_policy_allows_exactly_the_one_script_and_the_one_style(page_text):
    (policy,) = [
        meta for meta in Parsed(page_text).all("meta") if meta.get("http-equiv")
    ]
    rules = dict(rule.split(" ", 1) for rule in str(policy["content"]).split("; "))

    for tag in ("script", "style"):
        (text,) = re.findall(f"<{tag}>(.*?)</{tag}>", page_text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert rules.pop(f"{tag}-src") == f"'sha256-{digest}'"
    assert rules.pop("img-src") == "data:"
    assert set(rules) >= {"default-src", "base-uri", "form-action"}
    assert set(rules.values()) == {"'none'"}


def test_every_id_is_unique_and_every_link_leads_to_one(page_text, various_results):
    page = Parsed(page_text)

    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    targets = [str(attrs["href"]).removeprefix("#") for attrs in page.all("a")]
    assert len(ids) == len(set(ids))
    assert set(targets) <= set(ids)
    # Each number twice: in the table of its dataset, and in that of all results.
    assert len([target for target in targets if target.startswith("result-")]) == 14


def test_images_have_alternatives_and_tables_have_headers(page_text):
    page = Parsed(page_text)

    assert all(attrs["alt"] for attrs in page.all("img"))
    assert all(attrs.get("scope") in ("row", "col") for attrs in page.all("th"))
    assert len(page.all("caption")) == 4
    assert all(
        a.get("tabindex") == "0" for a in page.all("div") if a.get("role") == "region"
    )


def test_only_a_long_text_makes_its_column_wide(make_result, tmp_path):
    rows = [[PrintedCell("x"), PrintedCell("short"), PrintedCell("long " * 20)]]
    grid = PrintedTable("a table", "lpp", ["a", "b", "c"], rows)
    page = Page([], {"More": [grid]})

    tags = Parsed(write_page(page, tmp_path / "index.html").read_text())

    assert [cell["class"] for cell in tags.all("td")] == ["prose", "prose long"]


def test_images_come_through_whole(page_text):
    sources = [
        str(attrs["src"]).split(",")[1] for attrs in Parsed(page_text).all("img")
    ]

    assert [base64.b64decode(source) for source in sources] == [
        SVG.encode(),
        SVG.encode(),
        PNG,
        PNG,
    ]


def test_the_page_shows_numbers_meaning_and_provenance(page_text, various_results):
    for result in various_results:
        assert f"{100 * result.mean:.2f} ±" in page_text
    for words in (
        "What the ± and the marks mean",
        "95 % interval (episodes-t",
        "fewbench evaluate protonet --protocol glyphs-5w1s --out results",
        "train.n_way",
        "episodes-1",
        "ab" * 32,
        "share a name but not their episodes",
        "prefers-color-scheme: dark",
    ):
        assert words in page_text, words


def test_a_footnote_of_several_tables_stands_once(make_result, tmp_path):
    results = [
        make_result(),
        make_result(0.8, 1, name="omniglot-5w1s", dataset="omniglot"),
    ]
    tables = accuracy_tables(results)
    text = write_page(Page(tables), tmp_path / "index.html").read_text()

    assert set(tables[0].notes) & set(tables[1].notes)
    for note in {*tables[0].notes, *tables[1].notes}:
        assert text.count(f"<li>{escape(note)}</li>") == 1


def test_what_results_say_is_never_markup(make_result, tmp_path):
    evil = '</code><script>alert("1")</script>{{ 7*7 }}'
    result = make_result(
        backbone=evil,
        command=evil,
        recipe={evil: evil},
        environment={evil: evil},
        device=evil,
    )

    grid = PrintedTable(
        evil, "lp", [evil, evil], [[PrintedCell(evil), PrintedCell(evil, evil)]], [evil]
    )
    page = Page(accuracy_tables([result]), {evil: [grid]}, {evil: SVG}, {evil: PNG})
    text = write_page(page, tmp_path / "index.html").read_text()

    assert text.count("<script") == 1
    assert "<script>alert" not in text
    assert len(re.findall("</script>", text)) == 1
    assert "{{ 7*7 }}" in text
    Parsed(text)


def test_the_same_results_give_the_same_page_in_any_order(various_results, tmp_path):
    first, second = (
        write_page(Page(accuracy_tables(results)), tmp_path / name)
        for name, results in (
            ("a.html", various_results),
            ("b.html", various_results[::-1]),
        )
    )

    assert first.read_bytes() == second.read_bytes()
