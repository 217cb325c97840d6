import numpy as np

from fewbench.reports.page.provenance import provenance
from fewbench.reports.tables.cells import Cell


def test_all_that_is_known_about_a_result_is_listed(make_result):
    result = make_result()

    facts = provenance(Cell.of(result))

    assert list(facts) == [
        "Result",
        "Protocol",
        "Fingerprints",
        "Origin",
        "Recipe",
        "Environment",
    ]
    assert facts["Protocol"]["n_way"] == 5
    assert facts["Fingerprints"]["checkpoint sha256"] == "ab" * 32
    assert facts["Recipe"] == result.recipe
    assert list(facts["Recipe"]) == sorted(result.recipe)
    own = facts["Result"]
    assert str(own["accuracy"]).endswith("(95 %, episodes-t, n = 40)")
    assert (own["embed (s)"], own["total (s)"]) == ("1.50", "2.00")
    assert own["calibration error"] == "scores are no probabilities"


def test_what_a_result_does_not_have_is_called_none(make_result):
    result = make_result(
        n_episodes=1, backbone="", checkpoint_sha256=None, recipe={}, environment={}
    )

    facts = provenance(Cell.of(result))

    assert facts["Result"]["interval"] == "none"
    assert facts["Result"]["backbone"] == "none"
    assert facts["Fingerprints"]["checkpoint sha256"] == "none"
    assert facts["Recipe"] == {"training": "none"}
    assert facts["Environment"] == {}


def test_the_calibration_error_is_in_percent(make_result):
    table = np.zeros((100, 3))
    table[75] = (4, 3, 3.0)  # four queries, three right, and the scores say three

    result = make_result(
        n_way=2, n_query=2, n_episodes=1, calibration=table,
        predictions=np.array([[0, 0, 1, 0]], np.uint8), correct=np.array([3], np.int32),
    )  # fmt: skip
    facts = provenance(Cell.of(result))

    assert facts["Result"]["calibration error"] == "0.00 %"


def test_the_images_are_compared_with_the_reference_build(make_result):
    said = {}
    for standing in (None, "reference", "other"):
        facts = provenance(Cell.of(make_result(data_standing=standing)))
        said[standing] = facts["Fingerprints"]["reference build"]
    assert said == {
        None: "not compared",
        "reference": "the same images",
        "other": "other images than the reference build of glyphs",
    }
