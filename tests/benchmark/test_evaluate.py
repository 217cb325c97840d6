import itertools
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from fewbench.baselines.catalogue import load_learner, make_learner
from fewbench.baselines.evaluation.answers import Answers
from fewbench.baselines.evaluation.examiner import range_step
from fewbench.baselines.gradient.maml import MAML
from fewbench.baselines.learner import BaselineError
from fewbench.baselines.metric.centroid import Centroid
from fewbench.baselines.recipe_files import load_recipe
from fewbench.benchmark.environment import recorded_environment
from fewbench.benchmark.episodes import find_episodes
from fewbench.benchmark.evaluate import (
    answer_range,
    evaluate,
    make_examiner,
    probe,
    scored_learner,
)
from fewbench.benchmark.protocols.catalogue import find_protocol
from fewbench.benchmark.protocols.stream import protocol_view
from fewbench.benchmark.results import make_result
from fewbench.datasets.info import DataError
from fewbench.reports.groups import result_groups
from fewbench.reports.origin import Checks
from fewbench.reports.protocol import EvalProtocol
from fewbench.reports.remarks import ResultWarning
from fewbench.reports.result_files import load_result, save_result
from fewbench.reports.tables.printed import to_text


@pytest.fixture(scope="session")
def root(glyphs_root: Path) -> Path:
    return glyphs_root


@pytest.fixture(scope="session")
def protocol() -> EvalProtocol:
    return find_protocol("glyphs-5w1s", n_episodes=200)


def test_a_function_is_evaluated_in_three_lines(
    root: Path, protocol: EvalProtocol
) -> None:
    def nearest(support_images, support_labels, query_images):
        support = support_images.reshape(len(support_images), -1) / 255
        query = query_images.reshape(len(query_images), 1, -1) / 255
        return -((query - support) ** 2).sum(axis=2)

    result = evaluate(nearest, protocol, root=root)
    reference = evaluate(Centroid(), protocol, root=root)

    # With one shot, the nearest support image is the nearest centroid, up to ties in float32.
    assert (result.predictions == reference.predictions).mean() > 0.999
    assert result.learner == "nearest"
    assert result.episodes_fingerprint == reference.episodes_fingerprint
    assert 0.2 < result.mean < 1


def test_distances_returned_as_scores_are_noticed(
    root: Path, protocol: EvalProtocol
) -> None:
    def distances(support_images, support_labels, query_images):
        return -Centroid().predict(support_images, support_labels, query_images)

    with pytest.warns(UserWarning, match="far below.*return minus the distance"):
        result = evaluate(distances, protocol, root=root)
    assert result.mean < 0.15


def test_an_encoder_is_evaluated_in_three_lines(
    root: Path, protocol: EvalProtocol
) -> None:
    result = evaluate(nn.Flatten(), protocol, name="pixels", root=root)
    reference = evaluate(Centroid(), protocol, root=root)
    assert result.learner == "pixels"
    assert result.backbone == "Flatten"
    assert (result.predictions == reference.predictions).mean() > 0.999


def test_the_first_episodes_are_those_of_the_longer_protocol(
    root: Path, protocol: EvalProtocol
) -> None:
    short = evaluate(Centroid(), replace(protocol, n_episodes=50), root=root)
    long = evaluate(Centroid(), protocol, root=root)
    np.testing.assert_array_equal(short.predictions, long.predictions[:50])
    assert short.episodes_fingerprint != long.episodes_fingerprint


def test_a_result_says_where_it_comes_from_and_is_saved_without_loss(
    root: Path, protocol: EvalProtocol, tmp_path: Path
) -> None:
    result = evaluate(Centroid(), protocol, root=root)
    view = protocol_view(protocol, root)
    assert result.data_fingerprint == view.fingerprint
    assert result.environment == recorded_environment()
    assert set(result.seconds) == {"sample", "embed", "classify", "probe", "total"}
    assert not result.partial
    assert not result.transductive

    again = load_result(save_result(result, tmp_path))
    assert again.header() == result.header()
    np.testing.assert_array_equal(again.predictions, result.predictions)


def test_too_few_images_for_the_episode_get_a_sentence(
    root: Path, protocol: EvalProtocol
) -> None:
    with pytest.raises(DataError, match="16 support .* got 20"):
        evaluate(Centroid(), replace(protocol, n_shot=16), root=root)


def test_the_probabilities_of_a_function_are_kept_by_hundredths(
    root: Path, protocol: EvalProtocol, tmp_path: Path
) -> None:
    def hesitant(support_images, support_labels, query_images):
        return np.full((len(query_images), 5), [0.605, 0.1, 0.1, 0.1, 0.095])

    result = evaluate(hesitant, protocol, root=root, probabilities=True)
    calibration = load_result(save_result(result, tmp_path)).calibration
    assert calibration is not None
    assert calibration[60].tolist() == [15_000, 3_000, pytest.approx(9_075)]
    assert calibration[:, 0].sum() == 15_000
    assert evaluate(hesitant, protocol, root=root).calibration is None
    with pytest.raises(BaselineError, match="probabilities=True: expected a function"):
        evaluate(nn.Flatten(), protocol, root=root, probabilities=True)


def test_disjoint_episodes_are_as_many_as_the_split_has(root: Path) -> None:
    protocol = find_protocol("glyphs-5w1s", disjoint=True)
    result = evaluate(Centroid(), protocol, root=root)
    assert result.protocol.name == "glyphs-5w1s-disjoint"
    assert (
        result.protocol.n_episodes == 117 // 5
    )  # each class has images for one episode
    assert len(np.unique(result.classes)) == result.classes.size
    with pytest.raises(DataError, match="at most 23 .*got 24"):
        evaluate(Centroid(), replace(protocol, n_episodes=24), root=root)


def maml(**at_test: int) -> MAML:
    settings = [
        "width=4",
        "precision=fp32",
        *(f"{key}={v}" for key, v in at_test.items()),
    ]
    return make_learner(
        load_recipe("maml-glyphs", settings), (28, 28, 1), torch.device("cpu")
    )


def test_the_steps_of_a_protocol_are_those_of_the_adaptation(root: Path) -> None:
    protocol = replace(find_protocol("glyphs-5w1s", n_episodes=8), adaptation_steps=7)
    learner = maml(test_inner_steps=2)
    result = evaluate(learner, protocol, root=root)
    reference = evaluate(
        maml(test_inner_steps=7),
        replace(protocol, adaptation_steps=None),
        root=root,
    )
    np.testing.assert_array_equal(result.predictions, reference.predictions)
    assert result.recipe["test_inner_steps"] == 7
    assert result.learner == "maml"
    assert learner.test_loop.steps == 2  # the learner itself stays as it is

    chosen = maml(test_inner_steps=2)
    chosen.keep_steps()
    kept = evaluate(chosen, protocol, root=root)
    assert (kept.learner, kept.recipe["test_inner_steps"]) == ("maml-2steps", 2)
    few = evaluate(learner, replace(protocol, adaptation_steps=None), root=root)
    np.testing.assert_array_equal(kept.predictions, few.predictions)

    centroid = evaluate(Centroid(), protocol, root=root)
    assert (centroid.learner, centroid.recipe) == ("centroid", {})


def test_steps_that_the_user_chose_show_in_the_learners_name(
    root: Path, tmp_path: Path
) -> None:
    from fewbench.baselines.checkpoints import save_checkpoint

    learner = maml()
    card = {
        "config": learner.config.flat(),
        "image_shape": [28, 28, 1],
        "step": 1,
        "seconds": 1.0,
    }
    save_checkpoint(
        tmp_path / "m.safetensors", dict(learner.network.state_dict()), card
    )

    def loaded(*settings: str) -> MAML:
        found = load_learner(
            str(tmp_path / "m.safetensors"), torch.device("cpu"), settings=settings
        )
        assert isinstance(found, MAML)
        return found

    assert loaded().card.name == "maml"
    assert loaded().with_steps(9).test_loop.steps == 9
    own = loaded("test_inner_steps=4")
    assert own.card.name == "maml-4steps"
    assert own.with_steps(9).test_loop.steps == 4


CHANGES = [
    {"task_rotations": True},
    {"adaptation_steps": 5},
    {"interval": "legacy-z"},
    {"transductive": True},
    {"n_query": 5},
    {"seed": 1},
]


@pytest.mark.parametrize("change", CHANGES)
def test_protocols_that_differ_are_told_apart_whatever_their_name(
    root: Path, protocol: EvalProtocol, change: dict
) -> None:
    protocol = replace(protocol, name="my-own")
    here, there = (
        evaluate(Centroid(), one, root=root)
        for one in (protocol, replace(protocol, **change))
    )
    assert here.protocol.name == there.protocol.name == "my-own"
    assert [card.number for card in result_groups([here, there])] == [1, 2]
    text = to_text([here, there])
    assert "group 1" in text
    assert "group 2" in text
    assert f"{next(iter(change))} " in text  # the sentence that says what differs


def test_a_transductive_result_is_marked_under_an_inductive_protocol(
    root: Path,
) -> None:
    protocol = find_protocol("glyphs-5w1s", n_episodes=8)
    text = to_text([evaluate(maml(), protocol, root=root)])
    assert "†" in text
    assert "†" not in to_text([evaluate(Centroid(), protocol, root=root)])


@pytest.mark.parametrize("kind", ["encoder", "maml", "function"])
def test_ranges_join_to_the_content_of_one_run(
    root: Path, tmp_path: Path, kind: str
) -> None:
    """Each range has a model of its own, as on another machine."""

    def model() -> object:
        if kind == "encoder":
            torch.manual_seed(0)
            return nn.Sequential(nn.Conv2d(1, 4, 3, 2), nn.ReLU(), nn.Flatten())
        if kind == "maml":
            return maml(tasks_per_chunk=5, test_inner_steps=2)
        return mean_brightness

    n_episodes = 7 * 256 + 9 if kind == "encoder" else 6 * 32 + 9
    protocol = find_protocol("glyphs-5w1s", n_episodes=n_episodes, query=2)
    whole = save_result(evaluate(model(), protocol, root=root), tmp_path / "one")
    step = range_step(scored_learner(model()))
    n_steps = -(-n_episodes // step)
    for n_pieces in (1, 2, 7):
        cuts = [step * (i * n_steps // n_pieces) for i in range(n_pieces)]
        parts = []
        for start, end in itertools.pairwise([*cuts, n_episodes]):
            stream = find_episodes(protocol, root)
            examiner = make_examiner(scored_learner(model()), stream)
            parts.append(answer_range(examiner, stream, start, end)[1])
        assert len(parts) == n_pieces
        joined = Answers.joined(parts[::-1])
        again = save_result(
            make_result(
                scored_learner(model()), find_episodes(protocol, root), joined, 0.0
            ),
            tmp_path / str(n_pieces),
        )
        hashes = [
            json.loads(path.read_text())["content_sha256"] for path in (whole, again)
        ]
        assert hashes[0] == hashes[1]
        arrays = [path.with_suffix(".npz").read_bytes() for path in (whole, again)]
        assert arrays[0] == arrays[1]


def mean_brightness(support_images, support_labels, query_images):
    """Compare mean brightness, and depend a little on the order of the query images."""
    support = support_images.reshape(len(support_images), -1).mean(axis=1)
    query = query_images.reshape(len(query_images), -1).mean(axis=1)
    noise = np.arange(len(query)) * 1e-6
    return -np.abs(query[:, None] - support[None]) + noise[:, None]


class Encoder(nn.Module):
    """Changes the features of a flattened image."""

    def __init__(self, change) -> None:
        super().__init__()
        self.change = change

    def forward(self, images: torch.Tensor) -> object:
        return self.change(images.flatten(1))


def test_an_encoder_that_loses_rows_is_refused(
    root: Path, protocol: EvalProtocol
) -> None:
    with pytest.raises(BaselineError, match=r"got float32 \(100, 784\) for 128 images"):
        evaluate(Encoder(lambda rows: rows[:100]), protocol, root=root)


def test_the_members_of_an_output_are_listed_and_one_can_be_chosen(
    root: Path, protocol: EvalProtocol
) -> None:
    encoder = Encoder(lambda rows: {"mean": rows.mean(1), "rows": rows})
    with pytest.raises(BaselineError, match="'mean': float32.*'rows': float32"):
        evaluate(encoder, protocol, root=root)
    result = evaluate(encoder, protocol, root=root, features="rows")
    expected = evaluate(Encoder(lambda rows: rows), protocol, root=root)
    np.testing.assert_array_equal(result.predictions, expected.predictions)
    assert result.backbone == "Encoder[rows]"
    with pytest.raises(BaselineError, match="features='rows': has no effect"):
        evaluate(Centroid(), protocol, root=root, features="rows")


@pytest.mark.parametrize(
    ("dtype", "precision"), [(torch.float16, "fp16"), (torch.bfloat16, "bf16")]
)
def test_the_precision_computed_in_is_recorded(
    root: Path, protocol: EvalProtocol, dtype: torch.dtype, precision: str
) -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Flatten(), nn.Linear(784, 32)).to(dtype)
    result = evaluate(network, protocol, root=root)
    assert result.precision == precision
    assert not result.transductive
    assert result.checks == Checks(True, True, True, True)


def test_a_fault_is_warned_of_marked_and_recorded(
    root: Path, protocol: EvalProtocol, tmp_path: Path
) -> None:
    dropping = Encoder(nn.functional.dropout)
    with pytest.warns(ResultWarning, match="dropout that stays on"):
        result = evaluate(dropping, protocol, name="mine", root=root)
    assert result.deterministic is False
    again = load_result(save_result(result, tmp_path))
    assert again.checks is not None
    assert again.checks.order is False
    assert "¶" in to_text([again])


def test_equal_features_of_all_images_are_warned_of(
    root: Path, protocol: EvalProtocol
) -> None:
    with pytest.warns(ResultWarning, match="all images have equal features"):
        result = evaluate(Encoder(torch.zeros_like), protocol, root=root)
    assert result.mean == pytest.approx(0.2, abs=0.02)


def test_chance_in_the_checks_changes_no_byte_of_the_content(
    root: Path, protocol: EvalProtocol, tmp_path: Path
) -> None:
    contents = set()
    for k in range(3):
        for model in (nn.Flatten(), mean_brightness):
            result = evaluate(model, protocol, name="mine", root=root)
            path = save_result(result, tmp_path / f"{k}", overwrite=True)
            contents.add(json.loads(path.read_text())["content_sha256"])
    assert len(contents) == 2


def test_too_long_a_name_is_refused_before_the_first_call(
    root: Path, protocol: EvalProtocol
) -> None:
    def never(*_arrays: np.ndarray) -> np.ndarray:
        raise AssertionError

    with pytest.raises(BaselineError, match="at most 80"):
        evaluate(never, protocol, name="n" * 81, root=root)


def test_the_probe_of_a_model_draws_episodes_at_random(root: Path) -> None:
    seen: set[bytes] = set()

    def function(
        support_images: np.ndarray, _labels: np.ndarray, query_images: np.ndarray
    ) -> np.ndarray:
        seen.add(support_images.tobytes())
        return np.zeros((len(query_images), 5))

    for _ in range(3):
        found = probe(function, "glyphs-5w1s", root=root)
        assert found.verdict == "inductive"
    assert len(seen) > 8
