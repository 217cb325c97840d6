"""Protocols: which episodes a learner is scored on, and files that list exact episodes.

catalogue.py         every protocol by name
papers.py            the protocols that follow a paper, with their sources
draw.py              draw the episodes of a protocol from a build
episode_files.py     write episode files
episode_reader.py    read and check episode files
episode_images.py    find the images of an episode file in a build
"""
