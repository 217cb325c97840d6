"""Learners that adapt to a task by gradient descent (the inner loop).

An engine runs the inner loops of many tasks.
- maml: the learners MAML, FOMAML and ANIL
- inner_loop: the interface of all engines
- native_engine, learn2learn_engine, higher_engine: the three engines
- activation_memory: computes the memory for an image, to limit the tasks run at once
- taskwise: runs one network for many tasks at once, for the native engine; it uses the
  other taskwise_* modules
"""
