"""The overload monitor, measured: `python -m tests.bench.overload`."""
