"""The power of every virtual node, simulated by a process that shares no code with what it tests.

It sees the real CPU seconds of every job, computes joules by each node's declared linear model, counts them up in files
that look like the kernel's, and writes down what is true.
"""
