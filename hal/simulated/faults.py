"""What can be wrong with a modem, switchable while it runs."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any


@dataclass
class Faults:
    """The faults of one line. Set an attribute to switch one on or off at any moment.

    Each is modelled on something seen in the field (shared reference, modems.md 2.7 and 4).
    """

    silent: bool = False
    """Answers nothing, reports nothing, and consumes what it is sent."""
    garbage: bool = False
    """Sends random bytes all the time (about 1000 a second) and obeys nothing."""
    error: bool = False
    """ERROR to everything, a bare AT too."""
    ok_to_all: bool = False
    """OK to everything, and nothing done."""
    shifted: bool = False
    """Each command line gets the answer of the one before; the first gets none."""
    wrong_baud: bool = False
    """As at a wrong speed: it understands nothing, and each byte that it is sent comes back as another."""
    prompt: bool = False
    """Sits in a message prompt and takes everything for text, until ESC or Ctrl-Z."""
    hangs_on: str = ""
    """Falls silent for good at the first command line that contains this, and does not carry it out; `silent` is then set."""
    no_voice: bool = False
    """Its firmware carries no voice (any more): the commands that need it get ERROR."""
    no_carrier: bool = False
    """NO CARRIER at once to every dial command."""
    no_dial_tone: bool = False
    """NO DIALTONE to every dial command (radio: NO CARRIER, there is no such tone)."""
    congestion: bool = False
    """The network has no circuit for a call from this line (Q.850 cause 34)."""
    dial_lost: bool = False
    """Dial commands are accepted and nothing comes of them (radio: OK, no call; wired: no result until it is aborted)."""
    end_lost: bool = False
    """It never tells that a call has ended: no NO CARRIER, no report, no shielded code."""
    hang_in_stream_s: float | None = None
    """Goes dead this many seconds into the next data state (playing or recording); `silent` is then set."""
    codes_ignored: bool = False
    """Shielded codes from the host are ignored: only closing its port ends a data state."""
    three_dle: bool = False
    """Leaves playing only after three DLE before ETX (thess/callattendant#94)."""
    etx_lost: bool = False
    """The DLE ETX at the end of a received stream never comes."""
    underrun: bool = False
    """`DLE u` right after each CONNECT."""
    overrun: bool = False
    """While recording, every tenth piece of 20 ms is lost, with a `DLE o` in its place."""
    swallow_ok: int = 0
    """So many OK results to come are swallowed."""
    glued: bool = False
    """Results come without the line ends between them: `ERROR+CNUM`, `0OK`."""
    doubled_cr: bool = False
    """Every CR comes twice."""
    split_writes: int | None = None
    """Seed: what it sends comes in pieces of random size, milliseconds apart."""
    unsolicited: str = ""
    """A line that is sent between each command and its answer: `^RSSI: 20`."""
    echo: bool = False
    """Echo stays on whatever ATE0 says."""
    delay_s: float = 0.0
    """Every answer comes so much later."""
    cmgs_stuck: bool = False
    """A message is accepted and sent, but after its PDU only CR LF comes back."""
    cmgs_error: int | None = None
    """Every message is refused with this +CMS ERROR."""
    cpcmreg_errors: int = 0
    """So many AT+CPCMREG=1 to come are refused."""
    pcm_dead: bool = False
    """The audio port stays open, and carries nothing in either direction."""
    second_call_silent: bool = False
    """From the second call after a start on, the audio that AT+CPCMREG=1 opens carries nothing (callpilot#121)."""
    uplink_stuck: bool = False
    """What the host plays is not fetched from the modem's buffer, which fills up (Quectel)."""
    pcm_slip: int = 0
    """So many bytes to come from the audio port are lost, one a frame: samples lose their halves."""
    memory_full: bool = False
    """The message store is full: incoming messages wait in the network."""
    cmti_lost: bool = False
    """Incoming messages are stored without +CMTI."""
    cmti_minus_one: bool = False
    """+CMTI gives the index -1."""

    @property
    def mute(self) -> bool:
        """It neither hears nor answers."""
        return self.silent or self.garbage

    def __post_init__(self) -> None:
        self._changed: Callable[[str], None] | None = None

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)
        if name != "_changed" and getattr(self, "_changed", None):
            self._changed(name)  # type: ignore[misc]  # a Callable, tested the line above

    def watch(self, changed: Callable[[str], None]) -> None:
        """Call `changed(name)` whenever a fault is set."""
        self._changed = changed

    def set(self, **values: Any) -> None:
        """Set several. KeyError for a name that is none."""
        known = {field.name for field in fields(self)}
        for name, value in values.items():
            if name not in known:
                raise KeyError(name)
            setattr(self, name, value)

    def clear(self) -> None:
        """Everything well again."""
        for field in fields(self):
            setattr(self, field.name, field.default)


class Splitter:
    """Cuts what a modem sends into random pieces (seeded)."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - a test wants it repeatable

    def cut(self, data: bytes) -> list[tuple[float, bytes]]:
        """Pieces of 1 to 8 bytes, each with the pause in seconds before it: on average as long as a wire of 115,200 bit/s takes
        for them, so that audio (8,000 bytes a second) still gets through."""
        pieces = []
        position = 0
        while position < len(data):
            size = self._random.randint(1, 8)
            pieces.append((self._random.random() * size * 2 / 11520, data[position : position + size]))
            position += size
        return pieces
