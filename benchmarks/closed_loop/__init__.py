"""The closed loop: a generator that knows which job drew which joule, and what the method makes of its meters.

python -m benchmarks.closed_loop [--seeds 5] [--write]
"""
