"""The page in a real browser: Debian's chromium, driven by playwright, without network."""

import os
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from fewbench.benchmark.published_numbers import published_numbers
from fewbench.reports.plots import saving
from fewbench.reports.report import write_report
from fewbench_tests.chromium import opened_browser

AXE = os.environ.get("FEWBENCH_TEST_AXE", "")
SAVE = Figure.savefig
SIZES = {"phone": (390, 844), "desktop": (1280, 900)}
HISTORY = [
    {"step": e, "seconds": e / 9, "loss": 1 / e, "val_accuracy": 0.5} for e in (1, 2, 3)
]


def save_only_svg(figure: Figure, file, *, format, **options) -> None:
    """Leave out the other formats, which the page does not show."""
    if format == "svg":
        SAVE(figure, file, format=format, **options)


@pytest.fixture(scope="module")
def page_path(various_results, make_result, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("report")
    more = [
        make_result(0.97, 8 + seed, name="omniglot-20w1s", dataset="omniglot", n_way=20,
                    rotations=True, train_seed=1 + seed)
        for seed in range(2)
    ]  # fmt: skip
    images = [np.zeros((28, 28, 1), np.uint8)] * 5
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Figure, "savefig", save_only_svg)
        patch.setattr(saving, "_with_palette", bytes)
        write_report(
            [*various_results, *more], out, {}, {"protonet": HISTORY},
            lambda _, names: dict.fromkeys(names, images), published_numbers(),
        )  # fmt: skip
    return out / "index.html"


@pytest.fixture(scope="module")
def browser():
    with opened_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def chromium(browser):
    return browser.new_context()


@pytest.fixture
def tab(chromium, page_path):
    """The page at desktop width; a console error or a request but for the file fails the test."""
    page, faults = chromium.new_page(), []
    page.on("console", lambda message: faults.append(message.text))
    page.on("pageerror", lambda error: faults.append(str(error)))
    allowed = ("data:", page_path.as_uri())
    page.on(
        "request", lambda r: None if r.url.startswith(allowed) else faults.append(r.url)
    )
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(page_path.as_uri())
    yield page
    page.close()
    assert faults == []


def column(table, index: int) -> list[str]:
    cells = table.locator(f"tbody tr:visible > :nth-child({index})")
    return [text.split("±")[0].strip() for text in cells.all_inner_texts()]


def test_a_table_sorts_by_click_and_by_keyboard(tab):
    table = tab.locator("#every-result")
    button = table.locator("th button", has_text="accuracy")
    header = table.locator("thead th").nth(1)

    button.click()
    falling = [float(text) for text in column(table, 2)]
    assert falling == sorted(falling, reverse=True)
    assert header.get_attribute("aria-sort") == "descending"

    button.focus()
    tab.keyboard.press("Enter")
    rising = [float(text) for text in column(table, 2)]
    assert rising == falling[::-1]
    assert header.get_attribute("aria-sort") == "ascending"
    assert "sorted by accuracy, ascending" in tab.locator("#shown").inner_text()

    table.locator("th button", has_text="train seed").click()
    assert header.get_attribute("aria-sort") is None
    seeds = [int(text) for text in column(table, 5)]
    assert seeds == sorted(seeds, reverse=True)


def test_missing_numbers_stay_below_whichever_way_a_table_is_sorted(tab):
    button = tab.locator("table.data th button").nth(1)

    for _ in range(2):
        button.click()
        values = column(tab.locator("table.data").first, 2)
        assert "–" in values
        assert values.index("–") == len(values) - values.count("–")


def test_filters_leave_what_was_asked_for_and_say_how_many(tab):
    tab.locator("select[name=learner]").select_option("protonet")
    tab.locator("select[name=dataset]").select_option("omniglot")

    assert set(column(tab.locator("#every-result"), 1)) == {"protonet"}
    assert set(column(tab.locator("#every-result"), 4)) == {"omniglot"}
    shown = len(column(tab.locator("#every-result"), 2))
    assert tab.locator("#shown").inner_text().startswith(f"{shown} of 9 results shown")
    assert tab.locator("#shown").get_attribute("aria-live") == "polite"
    assert tab.locator("details[data-learner]:visible").count() == shown

    tab.get_by_role("button", name="Show all").click()
    assert len(column(tab.locator("#every-result"), 1)) == 9


def test_a_protocol_filter_hides_the_other_columns(tab):
    tab.locator("select[name=protocol]").select_option("glyphs-5w5s")

    headers = tab.locator("table.data").first.locator("thead th:visible")
    assert headers.all_inner_texts() == ["learner", "glyphs-5w5s"]


def test_a_number_leads_to_its_protocol_command_and_environment(tab):
    link = tab.locator("#every-result td a").nth(3)
    target = tab.locator(str(link.get_attribute("href")))
    assert not target.is_visible()

    link.focus()
    tab.keyboard.press("Enter")

    assert target.is_visible()
    text = target.inner_text()
    for words in (
        "fewbench evaluate",
        "Protocol",
        "n_episodes",
        "Environment",
        "numpy",
    ):
        assert words in text


def test_numbers_of_the_other_tables_lead_to_theirs_and_sources_to_their_address(tab):
    regions = tab.locator("section:has(> h2[id^=grid-])")
    links = regions.locator("a").evaluate_all(
        "all => all.map(a => a.getAttribute('href'))"
    )

    assert {link for link in links if link.startswith("#result")} <= set(
        tab.locator("[id^=result-]").evaluate_all("all => all.map(e => '#' + e.id)")
    )
    for heading in ("Training seeds", "Paired differences", "Other classes"):
        first = (
            regions.filter(has=tab.locator("h2", has_text=heading)).locator("a").first
        )
        first.click()
        assert tab.locator(str(first.get_attribute("href"))).is_visible(), heading
    sources = regions.filter(has=tab.locator("h2", has_text="Published")).locator(
        "a[href^=http]"
    )
    assert sources.count()


def test_filters_reach_the_other_tables_and_take_those_that_are_empty(tab):
    def shown(heading):
        section = tab.locator("section").filter(has=tab.locator("h2", has_text=heading))
        return section.locator("tbody tr:visible").count()

    before = shown("Published numbers")
    tab.locator("select[name=learner]").select_option("centroid")

    assert before > 0
    assert shown("Published numbers") == 0
    assert not tab.get_by_role(
        "region", name="Ours beside published numbers"
    ).is_visible()
    tab.get_by_role("button", name="Show all").click()
    assert shown("Published numbers") == before


def test_the_first_stop_of_the_keyboard_is_a_visible_way_to_the_results(tab):
    tab.keyboard.press("Tab")

    skip = tab.locator(":focus")
    assert skip.inner_text() == "Skip to the results"
    assert skip.bounding_box()["x"] >= 0
    outline = skip.evaluate("element => getComputedStyle(element).outlineStyle")
    assert outline != "none"
    tab.keyboard.press("Enter")
    assert tab.evaluate("document.activeElement.id") == "main"


def test_the_page_fits_the_width_and_can_be_read(tab):
    """In one tab, since each load of the page takes seconds."""
    for (width, height), scheme in product(SIZES.values(), ("light", "dark")):
        tab.set_viewport_size({"width": width, "height": height})
        tab.emulate_media(color_scheme=scheme)

        case = f"{width} px, {scheme}"
        assert tab.evaluate("document.documentElement.scrollWidth") <= width, case
        for element in ("body", ".soft", ".notes", "td a", "thead th button", "output"):
            assert contrast(tab, element) >= 4.5, f"{case}: {element}"


def within(tab, element) -> bool:
    """Whether the whole element is in sight, without any scrolling."""
    box = element.bounding_box()
    size = tab.viewport_size
    right = box["x"] + box["width"]
    bottom = box["y"] + box["height"]
    return box["x"] >= 0 and right <= size["width"] and bottom <= size["height"]


def test_a_phone_shows_a_number_at_once_and_every_plot_whole(tab):
    tab.set_viewport_size({"width": 390, "height": 844})
    tab.reload()

    assert any(within(tab, link) for link in tab.locator("td.number a").all()[:8])
    for plot in tab.locator(".plot img").all():
        box = plot.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390


def test_a_desktop_shows_sources_and_differences_without_scrolling(tab):
    tab.set_viewport_size({"width": 1400, "height": 900})

    region = tab.get_by_role("region", name="Ours beside published numbers")
    for heading in ("source", "differs in"):
        header = region.locator("thead th", has_text=heading)
        header.scroll_into_view_if_needed()
        assert within(tab, header)
    assert region.evaluate("element => element.scrollLeft") == 0
    assert tab.locator(".hint:visible").count() == 0


def test_a_table_that_is_too_wide_says_so_and_the_keyboard_scrolls_it(tab):
    tab.set_viewport_size({"width": 390, "height": 844})
    region = tab.get_by_role("region", name="Ours beside published numbers")
    hint = region.locator("xpath=preceding-sibling::p[@class='hint']").last

    assert "Scroll it sideways" in hint.inner_text()
    assert region.get_attribute("tabindex") == "0"
    region.focus()
    tab.keyboard.press("ArrowRight")
    tab.wait_for_function(
        "region => region.scrollLeft > 0", arg=region.element_handle()
    )
    tab.set_viewport_size({"width": 1400, "height": 844})
    hint.wait_for(state="hidden")
    assert region.get_attribute("tabindex") == "-1"


def test_paper_is_white_and_has_no_controls(tab):
    tab.emulate_media(media="print", color_scheme="dark")

    assert not tab.locator("nav").is_visible()
    assert not tab.locator(".filters").is_visible()
    paper = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == "rgb(255, 255, 255)"


def contrast(page, selector: str) -> float:
    """The ratio of WCAG 2 between the ink of an element and what is painted behind it."""
    colours = page.locator(selector).first.evaluate(
        """element => {
            const ink = getComputedStyle(element).color;
            let paper = "rgba(0, 0, 0, 0)";
            for (let e = element; e && paper === "rgba(0, 0, 0, 0)"; e = e.parentElement)
                paper = getComputedStyle(e).backgroundColor;
            return [ink, paper].map(c => c.match(/[\\d.]+/g).slice(0, 3).map(Number));
        }"""
    )
    lights = []
    for colour in colours:
        share = np.array(colour) / 255
        linear = np.where(
            share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4
        )
        lights.append(float(linear @ (0.2126, 0.7152, 0.0722)))
    return (max(lights) + 0.05) / (min(lights) + 0.05)


@pytest.mark.skipif(
    not AXE,
    reason="needs axe-core: npm pack axe-core; FEWBENCH_TEST_AXE=.../axe.min.js",
)
@pytest.mark.parametrize("size", SIZES)
def test_axe_finds_no_fault(browser, page_path, size):
    width, height = SIZES[size]
    context = browser.new_context(
        bypass_csp=True, viewport={"width": width, "height": height}
    )
    page = context.new_page()
    page.goto(page_path.as_uri())
    page.evaluate(Path(AXE).read_text(encoding="utf-8"))
    found = page.evaluate("axe.run({preload: false})")
    assert [one["id"] for one in found["violations"]] == []
    assert len(found["passes"]) > 20
    context.close()


def test_without_scripts_everything_is_there_to_read(browser, page_path):
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(page_path.as_uri())

    assert page.locator("#every-result tbody tr:visible").count() == 9
    assert page.locator("details[data-learner] summary:visible").count() == 9
    assert not page.locator(".filters").is_visible()
