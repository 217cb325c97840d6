from fewbench.reports.tables.printed_table import PrintedCell, marked


def test_in_plain_text_a_star_stands_for_bold():
    assert marked("1.00", "†", strong=True) == "1.00 *†"
    assert marked("1.00", "", strong=True) == "1.00 *"
    assert marked("1.00", "†", strong=False) == "1.00 †"


def test_a_cell_without_marks_is_its_value():
    assert str(PrintedCell("–")) == "–"
    assert str(PrintedCell("x", url="https://example.org")) == "x"
