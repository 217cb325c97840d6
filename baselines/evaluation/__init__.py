"""Test a learner on episodes.

- examiner: collects the learner's predictions for many episodes, or for a range of them
- answers: holds the predictions for a range of episodes, and joins ranges
- features: embeds the images of a split, in fixed blocks
- scoring: computes the scores of many episodes, for each kind of learner
- ties: turns scores into predicted labels, and decides ties
- calibration: counts how often the learner is right, by the predicted probability
- probe: measures whether the scores of a query image depend on other query images
- embed_again: embeds some images again, in a random order
- ask_again: answers some episodes again, in a random order, and probes some of them
- findings: holds what was found by asking again
- tolerances: says which changes are rounding
"""
