"""What goes wrong with a short message's bytes. Everything that concerns lines is in `hal.errors`."""

from __future__ import annotations

from hal.errors import HalError


class PduError(HalError, ValueError):
    """Not a PDU that 3GPP TS 23.040 knows, or a message that cannot be put into one."""
