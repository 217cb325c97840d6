"""Puts episodes to a learner and counts what comes back.

examiner     the learner's predictions for many episodes, or for a range of them
answers      what it predicted, and how ranges are joined
features     the features of a split's images, embedded in fixed blocks
scoring      the scores of many episodes, for each kind of learner
calibration  how often the learner is right at each probability it gives
probe        whether the answer to a query image depends on the other ones
"""
