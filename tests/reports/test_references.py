import re

import pytest

from fewbench.baselines.families import BASELINES
from fewbench.benchmark.protocols.papers import LEGACY
from fewbench.datasets import BUILDERS
from fewbench.reports.references import (
    all_references,
    bibliography,
    citations,
    key_of_paper,
)
from fewbench_tests.paths import REPOSITORY

FIELD = re.compile(r"  (\w+) = \{(.*)\},")


def test_every_fact_of_an_entry_stands_in_the_file_it_names():
    for reference in all_references():
        paths = [REPOSITORY / name for name in reference.source.split(", ")]
        text = " ".join(path.read_text() for path in paths)
        # Python joins texts that are broken into lines.
        text = re.sub(r'"\s+f?"', "", text)
        text = re.sub(r"\s+", " ", text)
        for name, value in FIELD.findall(reference.bibtex):
            words = value.strip("{}").removeprefix("Version ").split(" and ")
            for word in words:
                known = word.replace("others", "et al.")
                assert known in text, (reference.key, name, known)


def test_keys_are_unique():
    keys = [reference.key for reference in all_references()]

    assert len(keys) == len(set(keys))


def test_what_fewbench_brings_has_an_entry():
    subjects = {subject for one in all_references() for subject in one.subjects}

    assert {f"dataset {info.base}" for info in BUILDERS.values()} <= subjects
    assert {f"protocol {name.split('-')[0]}" for name in LEGACY} <= subjects
    assert {f"learner {name}" for name in BASELINES} <= subjects


def test_a_bibliography_has_what_the_results_rest_on_and_says_what_it_lacks(
    make_result,
):
    own = make_result(learner="mine", recipe={}, name="lee2019-a-5w1s", dataset="a-b")

    text = bibliography([own])

    assert re.findall(r"@\w+\{(\w+)", text) == ["lee2019", "fewbench"]
    assert "% Add the reference of 'dataset a-b': fewbench has none." in text
    assert "% Add the reference of 'learner mine': fewbench has none." in text
    assert citations([own]) == {"protocol": ["lee2019"]}


def test_a_variant_of_a_dataset_cites_the_dataset(make_result):
    plain = citations([make_result(dataset="omniglot")])["dataset"]

    for name in ("omniglot-nearest", "omniglot@105", "omniglot-nearest@105"):
        assert citations([make_result(dataset=name)])["dataset"] == plain


def test_a_learner_of_another_name_is_cited_by_its_method(make_result):
    renamed = make_result(learner="best-of-ours", recipe={"learner": "anil"})

    assert citations([renamed])["learner"] == ["raghu2020"]


@pytest.mark.parametrize(
    ("source", "key"),
    [
        ("Finn et al. ICML 2017, Table 1", "finn2017"),
        ("Snell, Swersky & Zemel NeurIPS 2017, Table 2/6", "snell2017"),
        ("Liu et al. ICLR 2019 (TPN), Table 8", "liu2019"),
        ("Vinyals et al. NeurIPS 2016 Table 1, as quoted in Finn 2017 Table 1", ""),
        ("Antoniou et al. ICLR 2019 (via PapersWithCode entry)", ""),
        ("Ye et al. CVPR 2020 (FEAT) README", ""),
        ("Bronskill et al. ICML 2020 (TaskNorm) Table 1", ""),
        ("GitHub issue", ""),
    ],
)
def test_a_published_number_is_cited_if_its_own_paper_is_known(
    source: str, key: str
) -> None:
    assert key_of_paper(source) == key
    if key:
        assert f"{{{key}," in bibliography([], [key])
        assert f"{{{key}," not in bibliography([])
