"""A result at a prompt, in a notebook and as a table of episodes."""

import numpy as np
import pytest

from fewbench.reports.records import RunResult


def test_a_result_is_one_line(make_result) -> None:
    result = make_result(0.5, 1)

    line = repr(result)

    assert "\n" not in line
    assert f"{result.learner} on {result.protocol.name}" in line
    assert f"{100 * result.mean:.2f} % over 40 episodes" in line


def test_the_table_of_a_notebook_is_escaped(make_result) -> None:
    html = make_result(0.5, 1, backbone="<b>&")._repr_html_()

    assert html.startswith("<table>")
    assert "<td>&lt;b&gt;&amp;</td>" in html
    assert "<b>" not in html


def test_incomplete_data_show(make_result) -> None:
    assert "(partial)" in make_result(0.5, 1, partial=True)._repr_html_()
    other = make_result(0.5, 1, data_standing="other")
    assert "(not the reference build)" in other._repr_html_()


def test_a_frame_has_one_row_an_episode(make_result) -> None:
    result: RunResult = make_result(0.7, 3)

    frame = result.to_frame()

    assert list(frame) == ["episode", "correct", "n_queries", "accuracy"]
    assert len(frame) == result.protocol.n_episodes
    assert frame["correct"].tolist() == result.correct.tolist()
    assert np.mean(frame["accuracy"]) == pytest.approx(result.mean, rel=1e-12)
