import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fewbench.baselines.evaluation.examiner import answer
from fewbench.baselines.learner import BaselineError
from fewbench.baselines.metric.centroid import Centroid
from fewbench.benchmark.protocols.catalogue import find_protocol
from fewbench.benchmark.protocols.stream import open_stream
from fewbench.benchmark.results import check_card, make_result
from fewbench.reports.origin import Checks


def test_a_result_records_the_answers_and_how_they_came_about(
    glyphs_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["/somewhere/fewbench", "evaluate", "a b"])
    learner = Centroid()
    stream = open_stream(find_protocol("glyphs-5w1s", n_episodes=6), glyphs_root)
    answers = answer(learner, stream.view, stream.episodes, 0)

    result = make_result(learner, stream, answers, 0.0)

    np.testing.assert_array_equal(result.predictions, answers.predictions)
    np.testing.assert_array_equal(result.classes, stream.episodes.classes)
    assert result.command == "fewbench evaluate 'a b'"
    assert result.learner == learner.card.name
    assert result.data_fingerprint == stream.view.fingerprint
    assert list(result.seconds) == ["embed", "classify", "probe", "total"]
    assert result.class_sizes.sum() == len(stream.view)
    assert result.checks == Checks(True, True, True, True)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": "a\nb"}, "the learner's name: .*one line.*Choose another name"),
        ({"name": "x" * 81}, "the learner's name: .*at most 80"),
        ({"train_seed": -1}, "the learner's train_seed: .*greater than or equal to 0"),
        ({"precision": "fp8"}, "the learner's precision: .*'fp32'"),
    ],
)
def test_what_no_result_can_record_is_refused_before_the_evaluation(
    changes: dict[str, Any], said: str
) -> None:
    check_card(Centroid().card)
    with pytest.raises(BaselineError, match=said) as refused:
        check_card(replace(Centroid().card, **changes))
    assert "\n" not in str(refused.value)
