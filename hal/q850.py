"""Causes of the network (ITU-T Q.850, table 1) as far as every driver must read them alike."""

from __future__ import annotations

BUSY = frozenset({17})
CONGESTION = frozenset({34, 38, 41, 42, 44, 47})
"""The network has no free circuit: the line's trouble, never the team's."""
AT_ONCE_S = 2.0
"""NO CARRIER sooner than this after the dial command: no telephone can have rung."""
