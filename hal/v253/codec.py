"""The shielded stream of a voice modem, without any I/O: audio and the codes between it.

DLE (0x10) shields: in audio one 0x10 travels as DLE DLE, two may travel as DLE SUB, and DLE with anything else is a code. The
state is per byte, so a DLE may be the last byte of one read and its code the first of the next.

Sources: ITU-T V.253, TIA IS-101 (shielded codes), isdn4linux `Documentation/isdn/README.audio`.
"""

from __future__ import annotations

from collections.abc import Callable

DLE = 0x10
ETX = 0x03
DC4 = 0x14
CAN = 0x18
SUB = 0x1A

PLAY_END = b"\x10\x03"
"""DLE ETX: play what is buffered, then leave the data state."""
PLAY_ABORT = b"\x10\x18\x10\x03"
"""DLE CAN DLE ETX: drop what is buffered, then leave."""
RECORD_END = b"\x10!"
"""DLE !: stop recording (V.253)."""
RECORD_END_I4L = b"\x10\x14"
"""DLE DC4: stop recording (isdn4linux)."""
DUPLEX_END = b"\x10^"
"""DLE ^: leave +VTR (V.253)."""

REPORT_CODES = 32
"""Codes after DLE X that may belong to its report."""
REPORT_LIMIT = 256
"""Bytes after DLE X that are taken for a report: a caller's number and name are fewer. Without a limit, one damaged byte could
silence a call."""
_KEYS = frozenset(b"0123456789*#ABCD")
_HANG_UP = {
    ord("b"): "busy tone",
    ord("K"): "busy tone",
    ord("d"): "dial tone",
    ord("i"): "dial tone",
    ord("l"): "loop current break",
    ord("s"): "silence from the start",
    DC4: "end of data",
}
_REPORTS = {
    "a": "answer tone",
    "c": "fax calling tone",
    "m": "fax calling tone",
    "e": "data calling tone",
    "f": "data answer tone",
    "h": "local handset on hook",
    "H": "local handset off hook",
    "p": "extension on hook",
    "P": "extension off hook",
    "L": "polarity reversal",
    "q": "quiet",
    "r": "ring-back tone",
    "v": "voice",
    "V": "voice",
    "J": "special information tone",
    "$": "bong tone",
    "w": "call waiting",
    "t": "text telephone",
    "E": "audio in a wrong format",
    "Y": "lost data",
    "o": "overrun",
    "u": "underrun",
}
"""What V.253 and IS-101 have modems report beside keys and ends. Timing marks and flow control (T, Q, S) mean nothing here."""


def hang_up_reason(code: int) -> str | None:
    """What a code says that means that the other side has gone, or None."""
    return _HANG_UP.get(code)


def report(code: int) -> str:
    """The name of what else a code reports; empty for one that means nothing."""
    return _REPORTS.get(chr(code), "")


def stubborn(codes: bytes) -> bytes:
    """The codes with three DLE before each, for firmware that takes the first pair for data (Zoom 3095, callattendant#94)."""
    return codes.replace(b"\x10", b"\x10\x10\x10")


def shield(audio: bytes) -> bytes:
    """Audio as it travels to the modem."""
    return audio.replace(b"\x10", b"\x10\x10")


class Unshield:
    """Bytes from the modem in a data state: feed them, get the audio; codes go to `on_code`.

    After the code that ends the stream (ETX) nothing more is taken: `ended` is true and `rest` holds what follows, which
    is text. `connects` is how many more CONNECT lines may precede the audio: isdn4linux sends one for each half of
    AT+VTX+VRX. What stands between DLE X and DLE . is a report in words and no audio either.
    """

    def __init__(self, on_code: Callable[[int], None], *, connects: int = 0) -> None:
        self.ended = False
        self.rest = b""
        self._on_code = on_code
        self._after_dle = False
        self._banner = b"\r\nCONNECT\r\n" * connects
        self._matched = b""
        self._report = 0
        """Bytes that a report may still have."""

    def feed(self, data: bytes) -> bytes:
        """Take bytes in pieces of any size and return the audio in them. Never raises."""
        if self.ended:
            self.rest += data
            return b""
        if self._banner:
            data = self._skip_banner(data)
        if not self._after_dle and not self._report and DLE not in data:
            return data
        pieces = data.split(b"\x10")
        if self._after_dle:
            self._after_dle = False
            pieces.insert(0, b"")
        audio = [self._heard(pieces[0])]
        index, last = 1, len(pieces) - 1
        while index <= last:
            piece = pieces[index]
            if piece:
                code = piece[0]
                if code == ETX:
                    self.ended = True
                    self.rest = b"\x10".join([piece[1:], *pieces[index + 1 :]])
                    break
                if code == SUB:
                    audio.append(self._heard(b"\x10\x10"))
                else:
                    self._note(code)
                audio.append(self._heard(piece[1:]))
                index += 1
            elif index == last:
                self._after_dle = True
                break
            else:  # DLE DLE
                audio.append(self._heard(b"\x10" + pieces[index + 1]))
                index += 2
        return b"".join(audio)

    def _heard(self, data: bytes) -> bytes:
        """The audio in bytes between two codes: all, or what follows a report that was none."""
        if not self._report:
            return data
        skipped = min(self._report, len(data))
        self._report -= skipped
        return data[skipped:]

    def _note(self, code: int) -> None:
        if code == ord("X"):
            self._report = REPORT_LIMIT
        elif code == ord("."):
            self._report = 0
        self._on_code(code)

    def _skip_banner(self, data: bytes) -> bytes:
        """Without the CONNECT that may precede the audio. What only looked like its beginning is given back."""
        data = self._matched + data
        if data.startswith(self._banner):
            rest = data[len(self._banner) :]
        elif self._banner.startswith(data):
            self._matched = data
            return b""
        else:
            rest = data
        self._banner = self._matched = b""
        return rest


class KeyReader:
    """Keys from codes, one a key press, in the three styles of modems: a code a key; `/`, the digit once or several times,
    `~` (V.253, IS-101); the same ended by DEL (Intel). A complex report from `X` to `.` is skipped."""

    def __init__(self) -> None:
        self._within = False
        self._counted = False
        self._report = 0

    def feed(self, code: int) -> str | None:
        """The key that this code says was pressed, or None."""
        if self._report:
            self._report = 0 if code == ord(".") else self._report - 1
            return None
        if code == ord("X"):
            self._report = REPORT_CODES
        elif code == ord("/"):
            self._within, self._counted = True, False
        elif code in (ord("~"), 0x7F):
            self._within = False
        elif code in _KEYS:
            if self._within and self._counted:
                return None
            self._counted = self._within
            return chr(code)
        return None


class KeyMerger:
    """Two detectors that hear the same keys - the modem's and ours - and what was pressed.

    A key that both report within `window_s` was pressed once. One that only one of them reports counts as well.
    """

    def __init__(self, window_s: float = 0.25) -> None:
        self._window = window_s
        self._unmatched: list[tuple[str, str, float]] = []

    def feed(self, source: str, key: str, now: float) -> bool:
        """True where this report, by `source` at `now` seconds, is a new key press."""
        self._unmatched = [item for item in self._unmatched if now - item[2] <= self._window]
        for item in self._unmatched:
            if item[0] != source and item[1] == key:
                self._unmatched.remove(item)
                return False
        self._unmatched.append((source, key, now))
        return True
