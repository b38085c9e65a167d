"""The simulated analogue voice modems: one row a model, as real ones identify themselves (shared reference, modems.md 1.1-1.3)."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Compression:
    """One line of +VSM=?. `codec` is a key of `hal.simulated.voice.CODECS`, or empty where the exchange cannot speak it:
    choosing it gives ERROR."""

    number: int
    name: str
    bits: int
    codec: str = ""


@dataclass(frozen=True, slots=True)
class VoiceModel:
    """An analogue voice modem."""

    identity: dict[str, str]
    """Answers to ATI0, ATI3, +GMI ... by command; another ATIn gives OK alone."""
    compressions: tuple[Compression, ...]
    vls: tuple[int, ...] = (0, 1, 2, 4, 5, 6)
    duplex: bool = False
    """Has +VTR."""
    shielded_digits: bool = True
    """Keys come as `DLE /`, digits, `DLE ~` (V.253), else as one `DLE digit`."""
    caller_id: str = "{0} = {1}"
    """How a field and its value are written."""
    tone_needs_both: bool = False
    """+VTS=[f1,f2,t] wants two frequencies."""
    play_ends_with_etx: bool = False
    """The end of playing is confirmed by `DLE ETX` before OK."""
    ring_code: bool = False
    """In voice mode a ring is `DLE R` instead of a line."""
    underrun_at_start: bool = False
    """`DLE u` right after CONNECT."""
    busy_code: str = "b"
    """What it reports of the tone that follows the other side's hang-up: busy, or dial tone."""
    extra: tuple[str, ...] = field(default=())
    """Further commands that are accepted without effect."""


_CONEXANT_LIST = (
    Compression(1, "UNSIGNED PCM", 8, "u8"),
    Compression(129, "IMA ADPCM", 4, "ima"),
    Compression(130, "UNSIGNED PCM", 8, "u8"),
    Compression(140, "2 Bit ADPCM", 2),
    Compression(141, "4 Bit ADPCM", 4),
)

MODELS = {
    "conexant": VoiceModel(
        identity={
            "I": "56000",
            "I0": "56000",
            "I3": "CX93001-EIS_V0.2002-V92",
            "+GMI": "CONEXANT",
            "+GMM": "CX93010",
            "+FMI": "CONEXANT",
        },
        compressions=_CONEXANT_LIST,
        duplex=True,
        underrun_at_start=True,
        extra=("-SCID", "-STE"),
    ),
    "usr5637": VoiceModel(
        identity={"I": "5601", "I0": "5601", "I3": "U.S. Robotics 56K FAX USB V1.2.23", "+GMI": "U.S. Robotics"},
        compressions=(Compression(128, "8-BIT LINEAR", 8, "u8"), Compression(129, "16-BIT LINEAR", 16)),
        caller_id="{0}={1}",
        tone_needs_both=True,
        busy_code="d",
    ),
    "si2493": VoiceModel(
        identity={"I": "2493", "I0": "2493", "I3": "C", "+GMI": "SILABS", "+GMM": "SI2493"},
        compressions=(
            Compression(1, "UNSIGNED PCM", 8, "u8"),
            Compression(4, "MULAW", 8, "ulaw"),
            Compression(5, "ALAW", 8, "alaw"),
            Compression(129, "G.726", 2),
            Compression(131, "G.726", 4),
        ),
        vls=(0, 1, 4, 5, 13, 14, 15, 20, 21),
        duplex=True,
        caller_id="{0}={1}",
        play_ends_with_etx=True,
        ring_code=True,
    ),
}
MODELS["cx93010"] = MODELS["conexant"]
