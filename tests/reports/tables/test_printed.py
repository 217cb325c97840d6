import random
import re

import pytest

from fewbench.reports.tables.frames import results_frame
from fewbench.reports.tables.printed import to_latex, to_markdown, to_text


@pytest.mark.parametrize("render", [to_text, to_markdown, to_latex])
def test_every_format_says_what_the_numbers_mean(various_results, render):
    text = render(various_results)

    assert "episodes-t" in text
    assert re.search(r"95 \\?% interval", text)
    assert "conditional on these test classes and images" in text
    assert "n = 40 episodes of the glyphs test split" in text
    assert "share a name but not their episodes" in text
    assert "transductive: the queries" in text
    assert "partial: built from incomplete data" in text


@pytest.mark.parametrize("render", [to_text, to_markdown, to_latex])
def test_the_order_of_results_does_not_change_a_table(various_results, render):
    shuffled = random.Random(1).sample(various_results, len(various_results))

    assert render(shuffled) == render(various_results)


@pytest.mark.parametrize("render", [to_text, to_markdown, to_latex])
def test_unmarked_results_bring_no_notes_on_marks(make_result, render):
    text = render([make_result()])

    assert "transductive" not in text
    assert "partial" not in text
    assert "(2)" not in text


def test_marks_stand_at_the_results_they_belong_to(various_results):
    lines = to_text(various_results).splitlines()

    assert [line.split()[0] for line in lines if re.search(r"\d †", line)] == [
        "maml_higher"
    ]
    assert [line.split()[3] for line in lines if re.search(r"\d ‡", line)] == ["10"]


def test_the_best_and_those_not_significantly_worse_stand_out(make_result):
    results = [
        make_result(p, seed, learner=f"at-{p}")
        for seed, p in enumerate((0.6, 0.9, 0.905))
    ]

    text, markdown, latex = to_text(results), to_markdown(results), to_latex(results)

    def row(lines, name):
        return next(
            line
            for line in lines.splitlines()
            if name in line and re.search("±|pm", line)
        )

    tied, best = sorted(results[1:], key=lambda result: result.mean)
    assert row(text, best.learner).endswith(" *")
    assert row(text, tied.learner).endswith(" ≈")
    assert not re.search(r"[*≈]", row(text, "at-0.6"))
    assert f"**{100 * best.mean:.2f} ± " in row(markdown, best.learner)
    assert "**" not in row(markdown, tied.learner)
    assert r"\textbf{" in row(latex, best.learner)
    assert r"\approx" in row(latex, tied.learner)
    assert "paired t-test" in text
    assert list(results_frame(results).sort_values("mean")["standing"]) == [
        "",
        "tied",
        "best",
    ]


def test_a_single_episode_has_a_number_without_an_interval(make_result):
    result = make_result(n_episodes=1)

    text, frame = to_text([result]), results_frame([result])

    assert f"{100 * result.mean:.2f}" in text
    assert f"{100 * result.mean:.2f} ±" not in text
    assert "allow no interval" in text
    assert frame["half_width"].isna().tolist() == [True]
    assert frame["mean"].tolist() == [result.mean]


def test_a_mean_of_little_spread_is_marked(make_result):
    text = to_text(
        [make_result(1.0, n_episodes=3), make_result(0.5, learner="centroid")]
    )

    assert re.search(r"100\.00 ± [1-9]\d\.\d\d °", text)
    assert "° little spread" in text
    assert "little-spread: n values, more than half of them equal" in text
