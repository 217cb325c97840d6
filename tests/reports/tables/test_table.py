from fewbench.reports.groups import result_groups
from fewbench.reports.tables.accuracy import accuracy_tables
from fewbench.reports.tables.cells import Cell
from fewbench.reports.tables.table import Label, Row, Table


def test_kinds_that_differ_within_a_table_are_marked(make_result):
    results = [make_result(), make_result(name="glyphs-5w1s-old", interval="legacy-z")]

    (table,) = accuracy_tables(results)

    assert table.column_names == [
        "glyphs-5w1s [episodes-t]",
        "glyphs-5w1s-old [legacy-z]",
    ]
    assert sum("± is half the width" in note for note in table.notes) == 2


def test_a_label_shows_its_repeat_and_at_most_six_seeds():
    label = Label("protonet", "", "fp32", (0, 1, 2, 3, 4, 5, 6), repeat=2)

    assert label.texts == ["protonet (2)", "–", "fp32", "0, 1, 2, 3, 4, 5, …"]
    assert label._replace(seeds=(3,)).texts[3] == "3"


def test_the_header_says_seeds_where_a_row_has_several(make_result):
    result = make_result()
    label = Label("protonet", "", "fp32", (0,))
    cells = (Cell.of(result), None)
    groups = tuple(result_groups([result]))

    def header(label):
        return Table("glyphs", groups, (Row(label, cells),), ()).header

    assert header(label)[3:] == ["train seed", "glyphs-5w1s"]
    assert header(label._replace(seeds=(0, 1)))[3] == "train seeds"


def test_the_cells_of_a_table_leave_out_what_was_not_scored(various_results):
    cells = [cell for table in accuracy_tables(various_results) for cell in table.cells]

    assert len(cells) == len(various_results)
    assert {cell.result for cell in cells} == set(various_results)


def test_prepared_images_stand_beside_the_learner() -> None:
    label = Label("centroid", "pixels", "fp32", (0,), images="resized to 7 px")
    assert label.texts == ["centroid, resized to 7 px", "pixels", "fp32", "0"]
