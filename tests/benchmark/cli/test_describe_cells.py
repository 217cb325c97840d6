from fewbench.benchmark.cli.describe_cells import cell_document, cells_text
from fewbench.benchmark.reproduce.cells import find_cell


def test_the_table_of_cells_says_whose_recipe_it_is() -> None:
    cells = [
        find_cell("protonet-snell17-omni-5w1s"),
        find_cell("anil-raghu20-mini-5w1s"),
    ]

    _, first, second, *_ = cells_text(cells).splitlines()

    assert "98.80 %" in first
    assert "(ours)" not in first
    assert "46.70 ± 0.40 %" in second
    assert "anil-miniimagenet (ours)" in second


def test_the_document_of_a_cell_has_the_source_of_each_setting() -> None:
    document = cell_document(find_cell("protonet-snell17-mini-5w5s"))

    assert "way=20" in document["settings"]
    assert all(document["settings"].values())
    assert document["tolerance_reason"]


def test_the_list_says_which_times_were_measured() -> None:
    measured = find_cell("protonet-snell17-omni-5w1s")
    scaled = find_cell("anil-raghu20-omni-20w1s")

    _, first, second, *_ = cells_text([measured, scaled]).splitlines()
    document = cell_document(scaled)

    assert first.split("20,000")[1].split() == ["4.5", "h", "18", "min"]
    assert second.split("60,000")[1].split() == ["12.3", "h", "10", "min*"]
    assert document["time_full_is"] == "measured"
    assert document["time_short_is"] == "scaled"
