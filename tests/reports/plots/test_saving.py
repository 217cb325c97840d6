import re
import xml.etree.ElementTree as ElementTree

import matplotlib as mpl

from fewbench.reports.groups import result_groups
from fewbench.reports.plots.accuracy import accuracy_figure
from fewbench.reports.plots.saving import save_figure
from fewbench.reports.plots.style import learner_styles


def test_figures_are_saved_as_png_svg_and_pdf_with_the_same_bytes_each_time(
    various_results, tmp_path
):
    groups, styles = result_groups(various_results), learner_styles(various_results)

    first, second = (
        [
            p.read_bytes()
            for p in save_figure(accuracy_figure(groups, styles), tmp_path / name)
        ]
        for name in ("a.v1", "b.v1")
    )

    assert first == second
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        *("a.v1.pdf", "a.v1.png", "a.v1.svg", "b.v1.pdf", "b.v1.png", "b.v1.svg"),
    ]
    assert first[0].startswith(b"\x89PNG")
    assert ElementTree.fromstring(first[1]).tag.endswith("svg")
    assert first[2].startswith(b"%PDF")
    # Many journals refuse fonts of Type 3. Type 42 is a TrueType font that is embedded.
    assert set(re.findall(rb"/Subtype /(Type\d|CIDFontType\d|TrueType)", first[2])) == {
        b"Type0",
        b"CIDFontType2",
    }
    assert first[2].count(b"/FontFile2") == first[2].count(b"/Subtype /CIDFontType2")


def test_plotting_leaves_the_settings_of_matplotlib_alone(various_results, tmp_path):
    before = dict(mpl.rcParams)

    groups = result_groups(various_results)
    save_figure(
        accuracy_figure(groups, learner_styles(various_results)), tmp_path / "x"
    )

    assert dict(mpl.rcParams) == before
