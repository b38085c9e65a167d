"""`docs/modems.md`: prose written by hand, tables out of the drivers' model tables.

The tables stand between `<!-- voice rows -->` and `<!-- /voice rows -->`, and likewise `radio rows`.
"""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

from hal.gsm import models as radio
from hal.v253 import models as voice
from hal.v253.models import KeySource, Model

PAGE = Path(__file__).resolve().parents[1] / "docs" / "modems.md"

DIALOGUE, PEER, SIMULATED, MANUAL = "real dialogue", "peer", "simulated", "manual only"
"""How a row was tried; docs/modems.md says what each means."""

VOICE = {
    "isdn4linux": ("A-law", "yes, `RING/<msn>`", (PEER, SIMULATED)),
    "conexant": ("A-law or mu-law with newer firmware, else 8-bit linear", "no", (DIALOGUE, PEER, SIMULATED)),
    "usr5637": ("A-law", "no", (DIALOGUE, SIMULATED)),
    "si24xx": ("A-law", "no", (SIMULATED,)),
    "zoom3095": ("8-bit linear", "no", (SIMULATED,)),
    "multitech": ("A-law", "no", (SIMULATED,)),
    "lucent": ("A-law", "no", (DIALOGUE, SIMULATED)),
    "elsa": ("A-law", "yes, `RING;<from>;<to>`", (SIMULATED,)),
    "zyxel2864": ("ZyXEL ADPCM, 4 bits", "yes, `FM:<from> TO:<to>`", (SIMULATED,)),
    "zyxel1496": ("none that is known: refused", "no", (MANUAL,)),
    "zyxel-omni": ("none that is known: refused", "no", (MANUAL,)),
    "cirrus": ("8-bit linear, taken for unsigned", "no", (SIMULATED,)),
    "conexant56k": ("8-bit linear", "no", (DIALOGUE, SIMULATED)),
    "v253": ("the best that it lists", "no", (SIMULATED,)),
    "is101": ("the best that it lists", "by its `FM: TO:` or `RING/`", (MANUAL,)),
}
"""Row -> codec that is chosen, called number, how it was tried."""
RADIO = {
    "sim7600": ("serial port", (DIALOGUE, PEER, SIMULATED)),
    "a7670": ("serial port", (DIALOGUE, SIMULATED)),
    "quectel-ec2x": ("serial port (`AT+QPCMV=1,0`), or USB sound card (`=1,2`)", (DIALOGUE, PEER, SIMULATED)),
    "huawei": ("serial port", (DIALOGUE, PEER, SIMULATED)),
    "generic": ("whatever flows on the second port", (PEER, SIMULATED)),
}
"""Row -> where its audio travels, how it was tried."""


def _keys(model: Model) -> str:
    """How keys are heard while a prompt plays."""
    if model.deaf_while_playing:
        return "in listening gaps between pieces of the prompt"
    own = "our own ear"
    if model.duplex:
        return own if model.keys is KeySource.OWN else f"{own} and the modem's reports"
    return "the modem's reports (`DLE`); where it has none, in listening gaps"


def _quirks(model: Model) -> str:
    """What of a row differs from the standard's way."""
    said = []
    if model.line != "AT+VLS=1":
        said.append(f"line by `{model.line}`")
    if model.stubborn_end:
        said.append("three DLE before the code that ends a data state")
    if model.compression != "{number},8000,0,0":
        said.append(f"`+VSM={model.compression.format(number='n')}`")
    if model.before:
        said.append("first " + ", ".join(f"`{command}`" for command in model.before))
    if model.init:
        said.append("in voice mode " + ", ".join(f"`{command}`" for command in model.init))
    return "; ".join(said) or "none known"


def voice_rows() -> list[str]:
    """The table of voice modems and terminal adapters."""
    lines = [
        "| model | driver | dialect | audio | codec | keys during a prompt | called number | quirks | tried | source |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for model in (*voice.MODELS, voice.V253, voice.IS101):
        codec, called, tried = VOICE[model.name]
        duplex = "full duplex" if model.duplex else "half duplex"
        cells = (f"`{model.name}`", f"`{model.driver}`", model.dialect.value, duplex, codec, _keys(model), called)
        lines.append("| " + " | ".join((*cells, _quirks(model), ", ".join(tried), model.source)) + " |")
    return lines


def _radio_quirks(model: radio.Model) -> str:
    standard = {field.name: field.default for field in fields(radio.Model)}
    said = [f"`{command}` when the call is up" for command in (model.audio_on,) if command]
    said += [f"`{command}` before each call" for command in model.before_call]
    if model.key != standard["key"]:
        said.append(f"keys by `{model.key}`")
    if model.reset != standard["reset"]:
        said.append(f"reset by `{model.reset}`")
    return "; ".join(said) or "none known"


def radio_rows() -> list[str]:
    """The table of radio modems."""
    lines = [
        "| model | audio | has voice, if | messages in a call | quirks | tried | source |",
        "|---|---|---|---|---|---|---|",
    ]
    for model in radio.MODELS:
        audio, tried = RADIO[model.name]
        asked = f"`AT{model.voice.command}` is answered as it should" if model.voice else "it cannot say"
        sms = "yes" if model.sms_in_call else "after it"
        cells = (f"`{model.name}`", audio, asked, sms, _radio_quirks(model), ", ".join(tried), model.source)
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def page() -> str:
    """The page, its tables fresh."""
    text = PAGE.read_text(encoding="utf-8")
    for name, rows in (("voice rows", voice_rows()), ("radio rows", radio_rows())):
        begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
        if text.count(begin) != 1 or text.count(end) != 1:
            raise ValueError(f"{PAGE}: wants one place for its {name}")
        text = text[: text.index(begin) + len(begin)] + "\n".join(rows) + "\n" + text[text.index(end) :]
    return text
