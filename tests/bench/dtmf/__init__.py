"""DTMF bench: `python -m tests.bench.dtmf`. Our detector beside its peers on one table (docs/bench-dtmf.md)."""
