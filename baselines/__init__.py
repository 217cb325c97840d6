"""Learners and how they are trained. No other room imports torch."""
