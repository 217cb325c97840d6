import json

from fewbench.baselines.evaluation.findings import Findings
from fewbench.baselines.evaluation.probe import Probe
from fewbench.benchmark.cli.probe import probe_document, probe_text


def test_the_centroid_learner_is_inductive(run) -> None:
    command = ("probe", "centroid", "--protocol", "glyphs-5w1s")
    document = json.loads(run(*command, "--json").stdout)
    assert document["transductive"] is False
    assert document["verdict"] == "inductive"
    assert "others exchanged" in run(*command).stdout


def test_a_learner_that_refuses_fewer_images_has_no_number_for_them() -> None:
    probe = Probe(repeated=0.0, shuffled=0.5, exchanged=0.25, dropped=float("nan"))
    found = Findings((probe,), order=False, state=None)
    assert probe_document(found) == {
        "transductive": True,
        "verdict": "transductive",
        "order": False,
        "state": None,
        "determinism": True,
        "distinct": None,
        "repeated": 0.0,
        "shuffled": 0.5,
        "exchanged": 0.25,
        "dropped": None,
    }
    text = probe_text(found)
    assert text.endswith("\n\ntransductive")
    answers = [line.split("  ")[-1].strip() for line in text.splitlines()[-5:-2]]
    assert answers == ["others", "unknown", "the same"]
