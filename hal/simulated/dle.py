"""The shielded stream of voice modems (ITU-T V.253, clause 9; IS-101): the modem's side.

DLE is 0x10. In data, one 0x10 travels as DLE DLE, two may travel as DLE SUB; DLE and any other byte is a control code.
"""

from __future__ import annotations

DLE = 0x10
ETX = 0x03
DC4 = 0x14
CAN = 0x18
SUB = 0x1A
ESC = 0x1B


def shield(data: bytes) -> bytes:
    """Audio as it travels to the host."""
    return data.replace(b"\x10", b"\x10\x10")


def code(character: int | str) -> bytes:
    """A control code as it travels."""
    return bytes((DLE, character if isinstance(character, int) else ord(character)))


class Unshield:
    """What the host sends: audio and control codes, in order, whatever pieces it comes in."""

    def __init__(self) -> None:
        self._shielded = False

    def feed(self, data: bytes) -> list[bytes | int]:
        """Runs of audio (bytes) and control codes (int, the byte after DLE)."""
        found: list[bytes | int] = []
        audio = bytearray()
        position = 0
        while position < len(data):
            if self._shielded:
                self._shielded = False
                byte = data[position]
                position += 1
                if byte == DLE:
                    audio.append(DLE)
                elif byte == SUB:
                    audio += b"\x10\x10"
                elif byte:  # DLE NUL means nothing
                    if audio:
                        found.append(bytes(audio))
                        audio.clear()
                    found.append(byte)
                continue
            mark = data.find(b"\x10", position)
            if mark < 0:
                audio += data[position:]
                break
            audio += data[position:mark]
            self._shielded = True
            position = mark + 1
        if audio:
            found.append(bytes(audio))
        return found
