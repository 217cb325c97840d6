import pytest

from fewbench.reports.data_standing import data_note, differences_in_data
from fewbench.reports.tables.cells import Cell
from fewbench.reports.tables.printed import latex, result_grids, to_text

NOTES = {
    None: "",
    "reference": "",
    "other": "other images than the reference build of glyphs",
    "no reference": "images not compared: no reference build of glyphs is known",
    "own": "own images: glyphs is a dataset that a user made, not a published one",
}


@pytest.mark.parametrize("standing", NOTES)
def test_what_is_not_the_reference_build_is_said(make_result, standing):
    result = make_result(data_standing=standing)
    note = NOTES[standing]
    assert data_note(result) == note
    assert list(differences_in_data(result)) == ([f"ours: {note}"] if note else [])


def test_it_is_not_saved(make_result):
    result = make_result(data_standing="other")
    assert "data_standing" not in result.arrays()
    assert "data_standing" not in result.header()


def test_tables_mark_other_images(make_result):
    other = make_result(data_standing="other")
    text = to_text([other])
    assert Cell.of(other).marks == "§"
    assert "§ other images" in text
    assert r"\mathsection" in latex(result_grids([other]))
    unknown = to_text([make_result(data_standing="no reference")])
    assert "no reference build of glyphs is known" in unknown
    own = to_text([make_result(data_standing="own")])
    assert "own images: glyphs is a dataset that a user made" in own
    assert "§" not in to_text([make_result(data_standing="reference")])
