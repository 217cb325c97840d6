"""Count how often a learner is right, by the probability of the predicted label."""

import numpy as np
import torch

from ..learner import BaselineError, ScoreKind

N_BINS = 100
# The probabilities of a query image may sum to 1 plus or minus this much, because
# float16 is that inexact.
_TOLERANCE = 1e-2
_STEPS = 2**24


class CalibrationTally:
    """How often predictions are right, by the probability of the predicted label.

    kind: "logits", "probabilities" or "scores" (neither logits nor probabilities)
    temperature: the number by which logits are divided before the softmax
    counts: float64 (100, 3), a row for each bin of the probability (0 to 0.01, 0.01 to
        0.02, ...). The columns are the number of query images, the number of right
        predictions, and the sum of the probabilities. None if `kind` is "scores"
    Source: Guo et al., On Calibration of Modern Neural Networks, 2017, section 2.
    """

    def __init__(self, kind: ScoreKind, temperature: float) -> None:
        self.kind = kind
        self.temperature = temperature
        self.counts: np.ndarray | None = None
        if kind != "scores":
            self.counts = np.zeros((N_BINS, 3))

    def add(
        self,
        scores: np.ndarray,
        predicted: np.ndarray,
        truth: np.ndarray,
    ) -> None:
        """Add the predictions for more query images to `counts`.

        scores: float (..., n_way)
        predicted, truth: int (...) labels
        Raises BaselineError if `kind` is "probabilities" and the scores are negative or
        do not sum to 1.
        """
        if self.counts is None:
            return
        confidence = self._confidence(scores, predicted)
        confidence = confidence.reshape(-1)
        is_right = predicted == truth
        is_right = is_right.reshape(-1)
        bins = confidence * N_BINS
        bins = bins.astype(np.intp)
        # A probability of 1 belongs to the last bin.
        bins = np.minimum(bins, N_BINS - 1)
        n_queries = np.bincount(bins, minlength=N_BINS)
        n_right = np.bincount(bins, weights=is_right, minlength=N_BINS)
        on_grid = _on_grid(confidence)
        total = np.bincount(bins, weights=on_grid, minlength=N_BINS)
        columns = [
            n_queries,
            n_right,
            total,
        ]
        self.counts += np.stack(columns, axis=1)

    def _confidence(
        self,
        scores: np.ndarray,
        predicted: np.ndarray,
    ) -> np.ndarray:
        """Return the probability of the predicted label: float (...)"""
        if self.kind == "logits":
            return _softmax_of_highest(scores, predicted, self.temperature)
        _check_probabilities(scores)
        highest = scores.max(axis=-1)
        return highest.clip(0, 1)


def _on_grid(confidence: np.ndarray) -> np.ndarray:
    """Round probabilities to multiples of 2**-24.

    float64 adds such numbers without rounding. So the sum does not depend on their order,
    and the sums over several ranges of episodes add up to the sum over all episodes.
    """
    steps = np.rint(confidence.astype(np.float64) * _STEPS)
    return steps / _STEPS


def _softmax_of_highest(
    scores: np.ndarray,
    predicted: np.ndarray,
    temperature: float,
) -> np.ndarray:
    """Return the softmax at the predicted label, which has the highest logit.

    With few classes, torch.softmax would take five times as long.
    """
    logits = torch.from_numpy(scores)
    predicted = predicted.astype(np.int64)
    labels = torch.from_numpy(predicted)
    highest = logits.gather(-1, labels[..., None])
    scaled = (logits - highest) / temperature
    odds = scaled.float().exp_()
    total = odds.sum(-1)
    probability = total.reciprocal_()
    return probability.numpy()


def _check_probabilities(scores: np.ndarray) -> None:
    """Raise BaselineError if the scores of a query image are not probabilities."""
    sums = scores.sum(axis=-1)
    errors = np.abs(sums - 1)
    if scores.min() < 0 or errors.max() > _TOLERANCE:
        n_way = scores.shape[-1]
        first = scores.reshape(-1, n_way)[0]
        raise BaselineError(
            f"probabilities=True: the scores are not probabilities: expected "
            f"values from 0 to 1 that sum to 1 for each query image, got other values "
            f"(first query image: {first}). Return the output of a softmax, or leave "
            f"out probabilities=True."
        )
