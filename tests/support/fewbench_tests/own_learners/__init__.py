"""Learners that somebody could add in a file of their own, each in at most 40 lines."""
