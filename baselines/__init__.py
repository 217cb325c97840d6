"""Learners and their training. This is the only top-level folder that imports torch."""
