"""Learners that compare images by distances, with nothing to adapt at test.

- centroid: distances between raw pixels; nothing is trained
- protonet: distances between learned embeddings
- protonet_learn2learn: the same, computed by learn2learn
- folding: a trained network made faster for inference
"""
