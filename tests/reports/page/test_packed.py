"""The rows of a long page are packed, and its script shows every one of them."""

import base64
import gzip
import re
from pathlib import Path

import pytest

from fewbench.reports.page import packed
from fewbench.reports.page.html import Page, write_page
from fewbench.reports.tables.accuracy import accuracy_tables
from fewbench_tests.chromium import opened_browser

N_RESULTS = 70  # more than the script shows at first
FIRST = 3
PACKED = re.compile(r'<script type="application/gzip"[^>]*>([^<]+)</script>')


def write(make_result, path: Path) -> Path:
    results = []
    for number in range(N_RESULTS):
        accuracy = 0.4 + number / 200
        name = f"learner-{number % 7}"
        results.append(make_result(accuracy, number, learner=name, train_seed=number))
    return write_page(Page(accuracy_tables(results)), path)


@pytest.fixture(scope="module")
def long_page(make_result, tmp_path_factory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(packed, "MANY", N_RESULTS - 1)
        patch.setattr(packed, "FIRST", FIRST)
        return write(make_result, tmp_path_factory.mktemp("long") / "index.html")


@pytest.fixture(scope="module")
def browser():
    with opened_browser() as browser:
        yield browser


@pytest.fixture
def tab(browser, long_page):
    """The long page, unpacked; an error of its script fails the test."""
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    faults = []
    page.on("console", lambda message: faults.append(message.text))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(long_page.as_uri())
    unpacked(page)
    yield page
    page.close()
    assert faults == []


def unpacked(page) -> None:
    page.locator("#shown", has_text=f"of {N_RESULTS} results").wait_for()


def seeds(page) -> list[int]:
    texts = page.locator("#every-result tbody td:nth-child(5)").all_inner_texts()
    return list(map(int, texts))


def show_all(page) -> None:
    more = page.get_by_role("button", name="Show more")
    while more.count():
        more.first.click()


def test_a_short_page_is_plain(make_result, tmp_path):
    text = write(make_result, tmp_path / "index.html").read_text()

    assert not PACKED.search(text)
    assert text.count("<details data-") == N_RESULTS
    assert "<noscript>" not in text


def test_a_long_page_has_its_first_rows_alone_as_plain_html(long_page):
    text = long_page.read_text()

    assert len(PACKED.findall(text)) == 4
    assert text.count("<details data-") == FIRST
    assert text.count("<h3>Command</h3>") == FIRST
    assert text.count("<tr data-") == 2 * FIRST
    assert f"the first {FIRST} rows" in text


def test_plain_and_packed_rows_together_are_all_rows(long_page, make_result, tmp_path):
    whole = write(make_result, tmp_path / "index.html").read_text()
    text = long_page.read_text()

    for data in PACKED.findall(text):
        text += gzip.decompress(base64.b64decode(data)).decode()

    for piece in (r"<t[dh][^>]*>.*?</t[dh]>", r"<summary>.*?</summary>"):
        assert sorted(re.findall(piece, text)) == sorted(re.findall(piece, whole))


def test_the_browser_shows_every_row(tab):
    assert len(seeds(tab)) == 50
    assert tab.locator("#every-detail > details").count() == 50

    show_all(tab)

    assert sorted(seeds(tab)) == list(range(N_RESULTS))
    assert tab.locator("#every-detail > details").count() == N_RESULTS
    assert tab.locator("table.data").first.locator("tbody tr").count() == N_RESULTS


def test_all_rows_are_sorted_and_not_those_in_sight_alone(tab):
    tab.locator("#every-result th button", has_text="train seed").click()

    assert seeds(tab) == list(range(N_RESULTS))[:-51:-1]


def test_filters_reach_packed_rows(tab):
    tab.locator("select[name=learner]").select_option("learner-6")

    assert sorted(seeds(tab)) == list(range(6, N_RESULTS, 7))
    assert tab.locator("#every-detail > details").count() == 10
    assert tab.locator("#shown").inner_text() == "10 of 70 results fit the filters"
    assert tab.get_by_role("button", name="Show more").count() == 0


def test_a_number_leads_to_its_packed_result(tab):
    show_all(tab)
    row = tab.locator("#every-result tbody tr").last
    seed = row.locator("td").nth(3).inner_text()
    link = row.locator("a")
    name = str(link.get_attribute("href"))

    tab.locator("select[name=learner]").select_option("")
    link.click()

    tab.locator(f"{name} pre").wait_for()
    assert f"train_seed\t{seed}" in tab.locator(name).inner_text()


def test_an_address_opens_the_result_it_names(browser, long_page):
    page = browser.new_page()
    page.goto(f"{long_page.as_uri()}#result-{N_RESULTS}")

    page.locator(f"#result-{N_RESULTS} pre").wait_for()
    assert page.locator("#every-detail > details[open]").count() == 1
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_the_whole_width(tab, scheme):
    tab.set_viewport_size({"width": 390, "height": 844})
    tab.emulate_media(color_scheme=scheme)

    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    assert tab.get_by_role("button", name="Show more").first.is_visible()


def test_without_scripts_the_first_rows_are_there(browser, long_page):
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(long_page.as_uri())

    assert page.locator("#every-result tbody tr:visible").count() == FIRST
    assert page.locator("#every-detail > details").count() == FIRST
    assert page.locator("p", has_text="results.csv").first.is_visible()
    page.close()
