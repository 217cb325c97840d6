"""Learners that adapt to a task by gradient descent, and the engines that run inner loops.

- maml: the learners MAML, FOMAML and ANIL
- inner_loop: what an engine gets and returns
- native_engine, learn2learn_engine, higher_engine: three ways to run inner loops
- activation_memory: how many tasks fit in memory at once
- taskwise: one network for many tasks at once, for the native engine; the other taskwise_*
  modules are its parts
"""
