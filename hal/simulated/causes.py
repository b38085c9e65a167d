"""Why a call ended: the causes of ITU-T Q.850 that the simulated network gives."""

from __future__ import annotations

import enum


class Cause(enum.IntEnum):
    """ITU-T Q.850, table 1."""

    UNALLOCATED = 1
    NORMAL_CLEARING = 16
    USER_BUSY = 17
    NO_USER_RESPONDING = 18
    NO_ANSWER = 19
    CALL_REJECTED = 21
    DESTINATION_OUT_OF_ORDER = 27
    NORMAL_UNSPECIFIED = 31
    NO_CIRCUIT = 34
    NETWORK_OUT_OF_ORDER = 38
    TEMPORARY_FAILURE = 41
    SWITCHING_CONGESTION = 42
    INCOMPATIBLE_DESTINATION = 88
