"""Benchmarks: ratios in one run, never timed tests. `python -m tests.bench.bench_lists`."""
