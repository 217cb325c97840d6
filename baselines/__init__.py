"""Learners and their training. The only room that imports torch."""
