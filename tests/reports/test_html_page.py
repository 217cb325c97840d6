import base64
import re
from html.parser import HTMLParser

import pytest

from fewbench.reports.html import write_page

VOID = {"meta", "img", "br", "link", "input", "hr"}
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="
)
SVG = '<svg xmlns="http://www.w3.org/2000/svg"><path id="p1" d="M0 0"/></svg>'


class Page(HTMLParser):
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
    return write_page(
        various_results, figures, {"Some glyphs": PNG}, tmp_path / "index.html"
    ).read_text()


def test_the_page_is_well_formed_and_says_its_language(page_text):
    page = Page(page_text)

    assert page_text.startswith("<!DOCTYPE html>")
    assert page.all("html") == [{"lang": "en"}]
    assert len(page.all("h1")) == len(page.all("main")) == len(page.all("title")) == 1


def test_the_page_loads_nothing_and_runs_nothing(page_text):
    page = Page(page_text)

    assert not re.search(r"https?:|@import|url\(", page_text)
    assert not {"script", "link", "iframe", "object"} & {tag for tag, _ in page.tags}
    assert {str(attrs["src"]).split(",")[0] for attrs in page.all("img")} == {
        "data:image/svg+xml;base64",
        "data:image/png;base64",
    }
    assert not [name for _, attrs in page.tags for name in attrs if name.startswith("on")]
    (policy,) = [meta for meta in page.all("meta") if meta.get("http-equiv")]
    assert str(policy["content"]).startswith("default-src 'none'")


def test_every_id_is_unique_and_every_link_leads_to_one(page_text, various_results):
    page = Page(page_text)

    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    targets = [str(attrs["href"]).removeprefix("#") for attrs in page.all("a")]
    assert len(ids) == len(set(ids))
    assert set(targets) <= set(ids)
    assert len([target for target in targets if target.startswith("result-")]) == 7


def test_images_have_alternatives_and_tables_have_headers(page_text):
    page = Page(page_text)

    assert all(attrs["alt"] for attrs in page.all("img"))
    assert all(attrs.get("scope") in ("row", "col") for attrs in page.all("th"))
    assert len(page.all("caption")) == 2
    assert all(attrs.get("tabindex") == "0" for attrs in page.all("div") if "role" in attrs)


def test_images_come_through_whole(page_text):
    sources = [str(attrs["src"]).split(",")[1] for attrs in Page(page_text).all("img")]

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
        "What the ± means",
        "95 % Student's t-interval",
        "fewbench evaluate protonet --protocol glyphs-5w1s --out results",
        "train.n_way",
        "episodes-1",
        "ab" * 32,
        "share a name but not their episodes",
        "prefers-color-scheme: dark",
    ):
        assert words in page_text, words


def test_what_results_say_is_never_markup(make_result, tmp_path):
    evil = '</code><script>alert("1")</script>{{ 7*7 }}'
    result = make_result(
        backbone=evil, command=evil, recipe={evil: evil}, environment={evil: evil}, device=evil
    )

    text = write_page([result], {evil: SVG}, {evil: PNG}, tmp_path / "index.html").read_text()

    assert "<script" not in text
    assert "{{ 7*7 }}" in text
    Page(text)


def test_the_same_results_give_the_same_page_in_any_order(various_results, tmp_path):
    first = write_page(various_results, {}, {}, tmp_path / "a.html")
    second = write_page(various_results[::-1], {}, {}, tmp_path / "b.html")

    assert first.read_bytes() == second.read_bytes()
