"""How often answers are right against the probability that the learner gives them."""

import numpy as np
import torch

from ..learner import BaselineError, ScoreKind

N_BINS = 100
# Probabilities of one query image may miss 1 by so much: float16 ones do.
_TOLERANCE = 1e-2


class CalibrationTally:
    """Counts answers by the probability of the predicted label (Guo et al., On Calibration of
    Modern Neural Networks, 2017, section 2).

    counts: float64 (100, 3) queries, right answers and summed probability of each hundredth;
        None where scores are neither logits nor probabilities
    """

    def __init__(self, kind: ScoreKind, temperature: float) -> None:
        self.kind, self.temperature = kind, temperature
        self.counts = None if kind == "scores" else np.zeros((N_BINS, 3))

    def add(self, scores: np.ndarray, predicted: np.ndarray, truth: np.ndarray) -> None:
        """Count more answers. Raises BaselineError when probabilities are none.

        scores: float (..., n_way); predicted, truth: int (...) labels
        """
        if self.counts is None:
            return
        confidence = self._confidence(scores, predicted).reshape(-1)
        bins = np.minimum((confidence * N_BINS).astype(np.intp), N_BINS - 1)
        right = (predicted == truth).reshape(-1)
        self.counts[:, 0] += np.bincount(bins, minlength=N_BINS)
        self.counts[:, 1] += np.bincount(bins, weights=right, minlength=N_BINS)
        self.counts[:, 2] += np.bincount(bins, weights=confidence, minlength=N_BINS)

    def _confidence(self, scores: np.ndarray, predicted: np.ndarray) -> np.ndarray:
        """Probability of the predicted label, that of the highest score: float (...)"""
        if self.kind == "logits":
            # torch's softmax takes five times as long over so few classes.
            logits = torch.from_numpy(scores)
            highest = logits.gather(
                -1, torch.from_numpy(predicted.astype(np.int64))[..., None]
            )
            odds = ((logits - highest) / self.temperature).exp_().sum(-1)
            return odds.reciprocal_().numpy()
        sums = scores.sum(axis=-1)
        if scores.min() < 0 or np.abs(sums - 1).max() > _TOLERANCE:
            raise BaselineError(
                "the scores are said to be probabilities, but those of a query image are "
                f"{scores.reshape(-1, scores.shape[-1])[0]}: expected values from 0 to 1 that sum "
                "to 1. Return a softmax, or leave probabilities=True away."
            )
        return scores.max(axis=-1).clip(0, 1)
