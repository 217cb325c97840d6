"""A site in a real browser, opened from the disk, without network."""

import os
from pathlib import Path

import numpy as np
import pytest
from scipy.special import stdtrit

from fewbench.reports.leaderboard.entry_intervals import episode_scores
from fewbench.reports.leaderboard.site import write_site
from fewbench_tests.chromium import opened_browser
from fewbench_tests.made_boards import PROTOCOL, make_board

TABLE = "protocols/glyphs-5w1s/index.html"
COMPARE = "protocols/glyphs-5w1s/compare.html"
PAGES = ("index.html", "rules.html", TABLE, COMPARE, "entries/protonet/index.html")
AXE = os.environ.get("FEWBENCH_TEST_AXE", "")


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    return write_site(make_board(), tmp_path_factory.mktemp("site")).parent


@pytest.fixture(scope="module")
def browser():
    with opened_browser() as browser:
        yield browser


@pytest.fixture
def tab(browser, site):
    """An empty tab. An error, or a request for anything but the site, fails the test."""
    page, faults = browser.new_page(), []
    page.on("console", lambda message: faults.append(message.text))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("request", lambda one: check(one.url))

    def check(url: str) -> None:
        if not url.startswith(site.as_uri()):
            faults.append(url)

    yield page
    page.close()
    assert faults == []


def shown_entries(tab) -> list[str]:
    """What the visible rows show: the rank, and the id of the entry or its source."""
    rows = tab.locator("#entries tbody tr:visible")
    ranks = rows.locator("td:first-child").all_inner_texts()
    ids = rows.locator("th small").all_inner_texts()
    return [f"{rank} {id.split(',')[0]}" for rank, id in zip(ranks, ids, strict=True)]


USUAL = [
    "1 protonet", "replaced protonet-old", "2–3 maml-two", "2–3 maml", "withdrawn guess",
]  # fmt: skip


def test_filters_hide_rows_keep_ranks_and_stand_in_the_address(tab, site) -> None:
    tab.goto((site / TABLE).as_uri())
    assert shown_entries(tab) == USUAL
    assert tab.locator("#shown").inner_text() == "5 of 6 rows shown"

    tab.get_by_label("backbone").select_option("conv4-32")
    tab.get_by_label("queries").focus()
    tab.keyboard.press("t")  # transductive
    assert shown_entries(tab) == ["2–3 maml"]
    assert tab.url.endswith("#way=transductive&backbone=conv4-32")

    address = tab.url
    tab.goto("about:blank")
    tab.goto(address)
    assert shown_entries(tab) == ["2–3 maml"]
    assert tab.get_by_label("backbone").input_value() == "conv4-32"

    tab.get_by_role("button", name="Usual filters").click()
    tab.wait_for_function("!location.hash")
    assert shown_entries(tab) == USUAL


def test_other_filters_and_links_to_them(tab, site) -> None:
    start = (site / TABLE).as_uri()
    tab.goto(f"{start}#trust=0&text=author")
    assert shown_entries(tab) == ["not verified reported"]

    for filters, expected in {
        "trust=2": USUAL[:1],
        "pretraining=ImageNet-1k": USUAL[2:4],
        "seen=yes&text=two": USUAL[2:3],
        "backbone=not there": USUAL,
    }.items():
        tab.goto(f"{start}#{filters}")
        tab.wait_for_function("n => document.querySelectorAll('#entries tbody tr').length == n",
                              arg=len(expected))  # fmt: skip
        assert shown_entries(tab) == expected, filters

    tab.get_by_label("trust").select_option("2")
    tab.evaluate("location.hash = '#main'")  # the link that skips to the content
    tab.wait_for_timeout(50)
    assert shown_entries(tab) == USUAL[:1]


def test_sorting_moves_rows_with_their_ranks(tab, site) -> None:
    tab.goto((site / TABLE).as_uri())
    header = tab.locator("#entries thead th", has_text="mean")
    assert header.get_attribute("aria-sort") == "descending"

    header.get_by_role("button").press("Enter")
    assert header.get_attribute("aria-sort") == "ascending"
    assert shown_entries(tab) == USUAL[::-1]

    tab.get_by_role("button", name="rank, seeds counted").click()
    assert shown_entries(tab)[:2] == ["1 protonet", "2–3 maml"]
    assert (
        "sorted by rank, seeds counted, ascending" in tab.locator("#shown").inner_text()
    )


def test_a_comparison_shows_the_paired_interval_and_the_classes(tab, site) -> None:
    tab.goto((site / COMPARE).as_uri() + "#a=protonet&b=maml-two")
    answer = tab.locator("#answer")
    tab.wait_for_selector("#comparison:visible")

    entries = {one.id: one for one in make_board().on(PROTOCOL)}
    ours, theirs = entries["protonet"], entries["maml-two"]
    apart = 100 * (episode_scores(ours) - episode_scores(theirs))
    half = stdtrit(59, 0.975) * apart.std(ddof=1) / np.sqrt(60)
    words = (
        f"A minus B: +{apart.mean():.2f} ± {half:.2f} (95 %, paired t over 60 episodes)"
    )
    assert answer.inner_text() == f"{words}, in percentage points."
    wins, losses = (apart > 1e-9).sum(), (apart < -1e-9).sum()
    text = tab.locator("#episodes-text").inner_text()
    assert f"A is better in {wins} episodes, B in {losses};" in text
    bins = tab.locator("#bins tr td:last-child").all_text_contents()
    assert sum(map(int, bins)) == 60
    assert tab.locator("#plot rect").count() == len(bins)

    classes = tab.locator("#classes tr")
    shares = 100 * (ours.hits / ours.queries - theirs.hits / theirs.queries)
    first = f"class {shares.argmax()}"
    assert classes.count() == 8
    assert classes.first.locator("th").inner_text() == first
    assert classes.first.locator("td").nth(2).inner_text() == f"+{shares.max():.2f}"

    tab.get_by_role("button", name="Swap").click()
    tab.wait_for_function("document.querySelector('#answer').textContent.includes('−')")
    assert tab.url.endswith("#a=maml-two&b=protonet")
    assert answer.inner_text().startswith(
        f"A minus B: −{apart.mean():.2f} ± {half:.2f}"
    )


def test_an_entry_and_itself_have_no_interval(tab, site) -> None:
    tab.goto((site / COMPARE).as_uri() + "#a=maml&b=maml")
    tab.wait_for_selector("#comparison:visible")

    assert "0.00 (no interval:" in tab.locator("#answer").inner_text()


@pytest.mark.parametrize("place", PAGES)
def test_a_page_fits_a_phone_and_names_every_cell(tab, site, place) -> None:
    tab.set_viewport_size({"width": 390, "height": 844})
    tab.goto((site / place).as_uri())
    if place == COMPARE:
        tab.wait_for_selector("#comparison:visible")

    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    client = tab.context.new_cdp_session(tab)
    nodes = client.send("Accessibility.getFullAXTree")["nodes"]
    cells = [one for one in nodes if one.get("role", {}).get("value") in CELLS]
    assert [one for one in cells if not one["name"]["value"]] == []
    if place != "rules.html":
        assert len(cells) > 10
    if place == TABLE:
        first = tab.locator("#entries tbody td.number").first.bounding_box()
        assert first["x"] + first["width"] <= 390
        assert first["y"] + first["height"] <= 844


CELLS = ("cell", "gridcell", "columnheader", "rowheader")


@pytest.mark.skipif(
    not AXE,
    reason="needs axe-core: npm pack axe-core; FEWBENCH_TEST_AXE=.../axe.min.js",
)
@pytest.mark.parametrize("width", [390, 1400])
def test_axe_finds_no_fault(browser, site, width) -> None:
    context = browser.new_context(
        bypass_csp=True, viewport={"width": width, "height": 900}
    )
    for place in PAGES:
        page = context.new_page()
        page.goto((site / place).as_uri())
        if place == COMPARE:
            page.wait_for_selector("#comparison:visible")
        page.evaluate(Path(AXE).read_text(encoding="utf-8"))
        found = page.evaluate("axe.run({preload: false})")
        assert [one["id"] for one in found["violations"]] == [], place
        assert len(found["passes"]) > 20
    context.close()
