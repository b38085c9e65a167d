"""The simulated analogue voice modems: one row a model, as real ones identify themselves (shared reference, modems.md 1.1-1.3).

Lists are those of real modems where one was seen: NCID's logs of a CX93001-EIS_V0.2013-V92 and of a USR 5637, mgetty's
README.lucent (Zoom 56Kx) and Multitech_5634ZPX.c, Conexant 102184B p.5-12 and 5-18, the manual of the ZyXEL U-1496 p.90.
"""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Compression:
    """One line of +VSM=?. `codec` is a key of `hal.simulated.voice.CODECS`, or empty where the exchange cannot speak it:
    choosing it gives ERROR."""

    number: int
    name: str
    bits: int
    codec: str = ""
    rates: str = "8000"


@dataclass(frozen=True, slots=True)
class VoiceModel:
    """An analogue voice modem."""

    identity: dict[str, str]
    """Answers to ATI0, ATI3, +GMI ... by command; another ATIn gives OK alone."""
    compressions: tuple[Compression, ...]
    compression_form: str = '{0},"{1}",{2},0,{3},0,0'
    """A line of +VSM=?: number, name, bits, rates."""
    vls: tuple[int, ...] = (0, 1, 2, 4, 5, 6)
    lines: tuple[str, ...] = ()
    """The answer to +VLS=?; empty: the numbers of `vls`."""
    telephone: tuple[int, ...] = (1, 5, 13)
    """The numbers of +VLS that take the telephone line."""
    taken: str = "OK"
    """The result of taking it."""
    voice_mode: str = "+FCLASS"
    """The command that has a voice mode 8; another one has none."""
    duplex: bool = False
    """Has +VTR."""
    tones: bool = True
    """Has +VTS."""
    shielded_digits: bool = True
    """Keys come as `DLE /`, digits, `DLE ~` (V.253), else as one `DLE digit`."""
    digits_repeated: bool = True
    """The digit comes again for as long as the key is held; else once, which is all that pycallblock reads of a CX93001."""
    digits_end: str = "~"
    """What ends shielded digits: Intel has DEL."""
    deaf_while_playing: bool = False
    """Reports no keys while it plays."""
    deaf: bool = False
    """Reports no keys at all."""
    caller_id: str = "{0} = {1}"
    """How a field and its value are written."""
    ring: str = "RING"
    """How a ring is written; may name `{caller}` and `{called}`."""
    ring_details: str = ""
    """A line behind every ring, likewise, instead of the fields."""
    tone_needs_both: bool = False
    """+VTS=[f1,f2,t] wants two frequencies."""
    play_ends_with_etx: bool = False
    """The end of playing is confirmed by `DLE ETX` before OK."""
    three_dle: bool = False
    """Leaves data states only by codes with three DLE."""
    ring_code: bool = False
    """In voice mode a ring is `DLE R` instead of a line."""
    underrun_at_start: bool = False
    """`DLE u` right after CONNECT."""
    busy_code: str = "b"
    """What it reports of the tone that follows the other side's hang-up: busy, or dial tone."""
    extra: tuple[str, ...] = ()
    """Further commands that are accepted without effect."""
    lacks: tuple[str, ...] = ()
    """Commands that others have and this one has not."""


_CONEXANT = VoiceModel(
    identity={
        "I": "56000",
        "I0": "56000",
        "I3": "CX93001-EIS_V0.2002-V92",
        "+GMI": "CONEXANT",
        "+GMM": "CX93010",
        "+FMI": "CONEXANT",
    },
    compressions=(
        Compression(1, "UNSIGNED PCM", 8, "u8"),
        Compression(129, "IMA ADPCM", 4, "ima"),
        Compression(130, "UNSIGNED PCM", 8, "u8"),
        Compression(140, "2 Bit ADPCM", 2),
        Compression(141, "4 Bit ADPCM", 4),
    ),
    lines=(
        '0,"",0000000000,0000000000,B084008000',
        '1,"T",0B8418E000,0FE418E000,0B8419E000',
        '2,"L",0884008000,0CE4008000,0884018000',
        '4,"S",0084008000,0484008000,3084018000',
        '5,"ST",0B8418E000,0FE418E000,0B8419E000',
        '6,"M",0084008000,04E4008000,3084008000',
    ),
    duplex=True,
    underrun_at_start=True,
    extra=("-SCID", "-STE"),
    digits_repeated=False,
)
_LUCENT_LINES = (
    *('0,"",B0000000,B0000000,B0000000', '1,"T",0BC01800,0BC01800,0BC01800', '2,"L",00000000,00000000,B0000000'),
    *('3,"LT",0BC01800,0BC01800,0BC01800', '4,"S",00000000,00000000,B0000000', '5,"ST",0BC01800,0BC01800,0BC01800'),
    *('6,"M",00000000,00000000,B0000000', '7,"MST",0BC01800,0BC01800,0BC01800'),
)
_LUCENT = VoiceModel(
    identity={
        "I0": "ZOOM V.90 kfav163 Serial s73198V -L Z207",
        "I1": "018F",
        "I3": "ZOOM V.90 kfav163 Serial s73198V -L Z207",
    },
    compressions=(
        Compression(128, "8-BIT LINEAR", 8, "u8", "7200,8000,11025"),
        Compression(129, "16-BIT LINEAR", 16, "", "7200,8000,11025"),
        Compression(130, "8-BIT ALAW", 8, "alaw"),
        Compression(131, "8-BIT ULAW", 8, "ulaw"),
        Compression(132, "IMA ADPCM", 4, "ima", "7200,8000,11025"),
    ),
    compression_form='{0},"{1}",({3})',
    vls=(0, 1, 2, 3, 4, 5, 6, 7),
    lines=_LUCENT_LINES,
    telephone=(1, 3, 5, 7),
    caller_id="{0}={1}",
)
_ZYXEL = VoiceModel(
    identity={"I": "28642", "I0": "28642", "I1": "ELITE 2864"},
    compressions=(
        Compression(2, "ADPCM", 2, "zyxel-adpcm2", "7200,8000,9600,11025"),
        Compression(3, "ADPCM", 3, "zyxel-adpcm3", "7200,8000,9600,11025"),
        Compression(4, "ADPCM", 4, "zyxel-adpcm4", "7200,8000,9600,11025"),
    ),
    compression_form="{0};{1};{2};0;({3})",
    vls=(0, 1, 2, 8, 16),
    telephone=(2,),
    ring_details="FM:{caller} TO:{called}",
)

MODELS = {
    "conexant": _CONEXANT,
    "cx93010": replace(
        _CONEXANT,
        identity=_CONEXANT.identity | {"I3": "CX93001-EIS_V0.2013-V92"},
        compressions=(
            Compression(0, "SIGNED PCM", 8, "s8"),
            Compression(1, "UNSIGNED PCM", 8, "u8"),
            Compression(129, "IMA ADPCM", 4, "ima"),
            Compression(130, "UNSIGNED PCM", 8, "u8"),
            Compression(131, "Mu-Law", 8, "ulaw"),
            Compression(132, "A-Law", 8, "alaw"),
            Compression(133, "14 bit PCM", 14),
        ),
    ),
    "conexant56k": replace(_CONEXANT, identity={"I": "56000", "I0": "56000"}, duplex=False),
    "usr5637": replace(
        _LUCENT,
        identity={"I": "5601", "I0": "5601", "I3": "U.S. Robotics 56K FAX USB V1.2.23", "+GMI": "U.S. Robotics"},
        lines=(),
        vls=(0, 1, 2, 4, 5, 6),
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
    "zoom3095": replace(
        _CONEXANT, identity={"I0": "56000", "I3": "ZOOM 3095"}, duplex=False, three_dle=True, underrun_at_start=False
    ),
    "lucent": _LUCENT,
    "multitech": replace(
        _LUCENT, identity={"I": "MT5634ZPX", "I0": "MT5634ZPX", "+GMI": "MULTI-TECH"}, digits_end="\x7f"
    ),
    "elsa": VoiceModel(
        identity={"I": "MicroLink 56k Fun", "I0": "MicroLink 56k Fun", "+GMI": "ELSA AG"},
        compressions=(
            Compression(129, "IMA ADPCM", 4, "ima"),
            Compression(131, "ULAW", 8, "ulaw"),
            Compression(132, "ALAW", 8, "alaw"),
        ),
        ring="RING;{caller};{called}",
    ),
    "cirrus": VoiceModel(
        identity={"I": "56000", "I0": "56000", "I1": "ROM TEST OK", "I3": "CL-MD56xx", "I6": "USA 1"},
        compressions=(
            Compression(0, "8-BIT LINEAR", 8, "u8", "(4800,7200,8000,9600,11025)"),
            Compression(1, "16-BIT LINEAR", 16, "", "(4800,7200,8000,9600,11025)"),
            Compression(2, "4-BIT ADPCM", 4, "", "(4800,7200,8000,9600,11025)"),
            Compression(128, "8-BIT LINEAR", 8, "u8", "(4800,7200,8000,9600,11025)"),
            Compression(140, "CL1", 8, "", "(4800,7200,8000,9600,11025)"),
        ),
        vls=(0, 1, 2, 4, 5, 6, 7, 14, 15),
        lines=('0,""', '1,"T"', '2,"L"', '4,"S"', '5,"ST"', '6,"M"', '7,"MST"', '14,"H"', '15,"HT"'),
        telephone=(1, 5, 7, 15),
        shielded_digits=False,
        lacks=("+VRA", "+VRN", "+VIT", "+VDR", "+GCI"),
    ),
    "zyxel2864": _ZYXEL,
    "zyxel1496": replace(
        _ZYXEL,
        identity={"I": "1496", "I0": "1496"},
        compressions=(
            Compression(1, "CELP", 1, "", "9600"),
            Compression(2, "ADPCM", 2, "", "9600"),
            Compression(3, "ADPCM", 3, "", "9600"),
        ),
    ),
    "v253": replace(_CONEXANT, identity={"I0": "V.253"}, duplex=False, underrun_at_start=False),
    "ima": replace(
        _CONEXANT,
        identity={"I0": "V.253"},
        compressions=(Compression(129, "IMA ADPCM", 4, "ima"),),
        duplex=False,
        shielded_digits=False,
        underrun_at_start=False,
    ),
    "deaf": replace(
        _CONEXANT,
        identity={"I0": "V.253"},
        lines=('0,"",00000000,00000000,00000000', '1,"T",03801800,03801800,03801800'),
        duplex=False,
        deaf=True,
        tones=False,
        underrun_at_start=False,
    ),
    "deaf-player": replace(
        _CONEXANT,
        identity={"I0": "V.253"},
        lines=('0,"",00000000,00000000,00000000', '1,"T",03801800,0B801800,0B801800'),
        duplex=False,
        deaf_while_playing=True,
        underrun_at_start=False,
    ),
    "unknown-is101": replace(_ZYXEL, identity={"I": "1.00", "I0": "1.00"}, taken="VCON"),
    "rockwell": replace(
        _CONEXANT, identity={"I": "33600", "I0": "33600", "I3": "RCV336DPFSP Rev 44BC"}, voice_mode="#CLS", duplex=False
    ),
}
"""The last rows are no models but kinds of modem: unknown, with no other codec, without keys
while it plays or at all, unknown and of IS-101, too old."""
