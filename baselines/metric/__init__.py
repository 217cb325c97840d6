"""Learners that compare images by distances, without adapting to a task.

- centroid: compares raw pixels, without training
- protonet: compares learned embeddings
- protonet_learn2learn: ProtoNet with the distances of learn2learn
- folding: makes a trained network faster for inference
"""
