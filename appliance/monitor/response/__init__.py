"""Responses to an attack: which to propose, and how to take them back. Pure, and measured by `python -m tests.bench.response`."""
