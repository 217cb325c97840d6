"""Weights that others trained: read their files, match them to a backbone, make a learner."""
