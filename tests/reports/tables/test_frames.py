import csv
import io
import random
import re

import numpy as np
import pytest

from fewbench.reports.records import count_correct
from fewbench.reports.stats.comparisons import compare_all
from fewbench.reports.stats.intervals import episodes_t
from fewbench.reports.tables.accuracy import accuracy_tables
from fewbench.reports.tables.frames import (
    comparisons_frame,
    results_frame,
    seeds_frame,
    write_csv,
)
from fewbench.reports.tables.printed import (
    comparisons_grid,
    to_latex,
    to_markdown,
    to_text,
)
from fewbench.reports.tables.rendering import text_table
from fewbench.reports.tables.train_seeds import seed_tables


def test_the_frame_holds_every_result_unrounded(various_results):
    frame = results_frame(various_results)

    assert len(frame) == len(various_results)
    assert set(frame["n"]) == {40, 30}
    row = frame[frame["learner"] == "maml_higher"].iloc[0]
    interval = episodes_t(various_results[3].accuracies)
    assert (row["mean"], row["half_width"]) == (interval.mean, interval.half_width)
    assert (row["level"], row["kind"], row["n_episodes"]) == (0.95, "episodes-t", 40)
    assert (row["transductive"], row["partial"]) == (True, False)


def test_the_csv_gives_back_the_same_numbers(various_results, tmp_path):
    path = write_csv(results_frame(various_results), tmp_path / "results.csv")

    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))

    frame = results_frame(various_results)
    for column in ("mean", "half_width", "low", "high"):
        assert [float(row[column]) for row in rows] == frame[column].tolist()
    for column in ("backbone", "card", "data_fingerprint"):
        assert [row[column] for row in rows] == frame[column].tolist()
    assert b"\r" not in path.read_bytes()


def test_each_dataset_has_a_table_and_each_protocol_card_a_column(various_results):
    glyphs, omniglot = accuracy_tables(various_results)

    assert glyphs.header[4:] == [
        "glyphs-5w1s (card 1)",
        "glyphs-5w1s (card 2)",
        "glyphs-5w5s",
    ]
    assert [row.texts[0] for row in glyphs.rows] == [
        *(
            "centroid",
            "maml_higher",
            "protonet",
            "protonet",
            "protonet (2)",
            "protonet",
        ),
    ]
    assert omniglot.header[4:] == ["omniglot-20w1s"]


def test_training_seeds_sort_as_numbers(make_result):
    (table,) = accuracy_tables([make_result(train_seed=seed) for seed in (10, 9, 2)])

    assert [row.label.seeds for row in table.rows] == [(2,), (9,), (10,)]


def test_many_protocols_are_spread_over_tables_of_four(make_result):
    results = [
        make_result(name=f"glyphs-5w{shot}s", n_shot=shot) for shot in range(1, 10)
    ]

    assert [len(table.cards) for table in accuracy_tables(results)] == [4, 4, 1]


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


def test_markdown_rows_have_as_many_cells_as_the_header_whatever_the_names(make_result):
    text = to_markdown([make_result(backbone="a|b\\|c\n*d* <i> _e_ f_g")])

    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)(?:\\\\)*\|", row)) for row in rows} == {6}
    assert r"\*d\* \<i\> \_e\_ f_g" in text
    assert len({len(row) for row in rows}) == 1


def test_latex_escapes_every_special_character(make_result):
    text = to_latex([make_result(backbone=r"\x{y}$&%#_^~<>|" + '"')])

    (row,) = [line for line in text.splitlines() if line.startswith("  protonet")]
    assert row.split(" & ")[1] == (
        r"\textbackslash{}x\{y\}\$\&\%\#\_\allowbreak{}\textasciicircum{}\textasciitilde{}"
        r"\textless{}\textgreater{}\textbar{}''"
    )
    assert row.endswith(r" \\")


def test_latex_is_balanced_ascii_with_booktabs(various_results):
    text = to_latex(various_results)

    assert text.isascii()
    for environment in ("table", "tabular"):
        begins = text.count(rf"\begin{{{environment}}}")
        assert begins == text.count(rf"\end{{{environment}}}") == 2
    assert (
        text.count(r"\toprule")
        == text.count(r"\midrule")
        == text.count(r"\bottomrule")
        == 2
    )
    plain = re.sub(r"\\.", "", text)
    assert plain.count("{") == plain.count("}")
    assert plain.count("$") % 2 == 0


def test_no_results_give_an_empty_frame_and_no_tables():
    assert results_frame([]).empty
    assert accuracy_tables([]) == []
    assert to_text([]) == ""


def test_the_csv_of_one_result_has_a_header(make_result, tmp_path):
    path = write_csv(results_frame([make_result()]), tmp_path / "deep" / "results.csv")

    header, row = io.StringIO(path.read_text()).readlines()
    assert header.startswith("result,dataset,split,protocol,card,")
    assert row.startswith(
        "glyphs-5w1s__protonet__seed0,glyphs,test,glyphs-5w1s,glyphs-5w1s,"
    )


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


def test_a_significantly_worse_result_is_not_tied_even_where_intervals_overlap(
    make_result,
):
    """On the same episodes: the same mistakes and one or two more."""
    better = make_result(0.5, 1, n_episodes=50)
    predictions = better.predictions.copy()
    for k, row in enumerate(predictions):
        hits = [j for j in range(75) if row[j] == j // 15][: 1 + k % 2]
        row[hits] = (row[hits] + 1) % 5
    worse = make_result(
        learner="worse", n_episodes=50, predictions=predictions,
        correct=count_correct(predictions, 5), classes=better.classes,
    )  # fmt: skip

    frame = results_frame([better, worse])

    assert frame["low"].max() < frame["high"].min()
    assert list(frame.sort_values("mean")["standing"]) == ["", "best"]


def test_kinds_that_differ_within_a_table_are_marked(make_result):
    results = [make_result(), make_result(name="glyphs-5w1s-old", interval="legacy-z")]

    (table,) = accuracy_tables(results)

    assert table.columns == ["glyphs-5w1s [episodes-t]", "glyphs-5w1s-old [legacy-z]"]
    assert sum("± is half the width" in note for note in table.notes) == 2


def test_a_single_episode_has_a_number_without_an_interval(make_result):
    result = make_result(n_episodes=1)

    text, frame = to_text([result]), results_frame([result])

    assert f"{100 * result.mean:.2f}" in text
    assert f"{100 * result.mean:.2f} ±" not in text
    assert "allow no interval" in text
    assert frame["half_width"].isna().all()
    assert frame["mean"].tolist() == [result.mean]


def test_training_seeds_have_a_table_of_their_own(make_result):
    results = [
        make_result(p, 1, train_seed=seed) for seed, p in enumerate((0.8, 0.85, 0.9))
    ]
    results.append(make_result(0.9, 2, learner="alone"))

    (table,) = seed_tables(results)
    (row,) = table.rows

    means = [result.mean for result in results[:3]]
    assert row.texts[:4] == ["protonet", "conv4-64", "fp32", "0, 1, 2"]
    # t(0.975, 2) = 4.302653
    half = 4.302653 * np.std(means, ddof=1) / np.sqrt(3)
    assert row.cells[0].mean == pytest.approx(np.mean(means))
    assert row.cells[0].interval.half_width == pytest.approx(half, rel=1e-6)
    assert "train-seeds" in table.notes[0]
    assert seeds_frame([table])["train_seeds"].tolist() == ["0 1 2"]


def test_repeats_that_the_seed_table_leaves_out_are_counted(make_result):
    results = [
        make_result(0.8, k, train_seed=seed) for k, seed in enumerate((0, 1, 1, 1))
    ]

    (table,) = seed_tables(results)

    assert [len(cell.results) for cell in table.cells] == [2]
    assert any("the first counts; left out: 2" in note for note in table.notes)
    assert not any("left out" in note for note in seed_tables(results[:2])[0].notes)


def test_a_mean_of_little_spread_is_marked(make_result):
    text = to_text(
        [make_result(1.0, n_episodes=3), make_result(0.5, learner="centroid")]
    )

    assert re.search(r"100\.00 ± [1-9]\d\.\d\d °", text)
    assert "° little spread" in text
    assert "little-spread: n values, all or all but a few" in text


def test_paired_differences_are_tabulated(make_result):
    pairs = compare_all([make_result(0.9, 1), make_result(0.5, 2, learner="centroid")])

    text = text_table(comparisons_grid("glyphs-5w1s", pairs))

    assert f"{100 * pairs[0].difference:+.2f} ± " in text
    assert "< 0.001" in text
    frame = comparisons_frame(pairs)
    assert frame["difference"].tolist() == [pairs[0].difference]
    assert frame["kind"].tolist() == ["paired-t"]
