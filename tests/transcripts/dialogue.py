"""A transcript through the AT engine and the parsers of unsolicited lines, without any I/O."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from enum import Enum
from typing import Any

from hal.at.engine import ANYTHING, Command, Engine, Event, Finished, Prompted, Unsolicited
from hal.at.framing import Shielded
from hal.at.results import CALL, CONNECT, parse_result
from hal.at.results import UNSOLICITED as ANY_MODEM
from hal.gsm import reports
from hal.gsm.radio import UNSOLICITED as RADIO
from hal.v253 import callerid
from tests.transcripts.notation import Step, Transcript


def mismatches(transcript: Transcript, *, chunk: int = 0) -> list[str]:
    """Play it to the engine, in pieces of `chunk` bytes (0: as it stands). What was not as the transcript expects it."""
    voice = transcript.vocabulary == "voice"
    engine = Engine(unsolicited=ANY_MODEM if voice else RADIO, shielded=voice)
    wrong: list[str] = []
    heard: list[tuple[str, int]] = []
    streaming = False
    for at, step in enumerate(transcript.steps):
        where = f"{transcript.name}:{step.line}"
        match step.mark:
            case ">":
                if engine.running:
                    wrong.append(f"{where}: {engine.running.shown} has not ended")
                    engine.abandon()
                engine.begin(Command(step.text, ANYTHING, CALL, _payload(transcript.steps[at + 1 :])))
                streaming = False
            case "<":
                for piece in _pieces(step.raw, chunk):
                    if streaming:
                        break  # data, which whoever reads the port now makes something of
                    for event in engine.feed(piece):
                        heard.append((told(event, voice=voice), step.line))
                        streaming = isinstance(event, Finished) and event.reply.code == CONNECT
            case "=":
                got, _ = heard.pop(0) if heard else ("nothing", 0)
                if got != step.text:
                    wrong.append(f"{where}: expected {step.text!r}, got {got!r}")
    wrong += [f"{transcript.name}:{line}: nobody expected {got!r}" for got, line in heard]
    return wrong


def told(event: Event, *, voice: bool) -> str:
    """An event of the engine in the notation."""
    match event:
        case Finished(reply):
            return "; ".join([f"{reply.code} {reply.detail}".strip(), *reply.lines])
        case Prompted():
            return "prompt"
        case Shielded(code):
            return f"code {chr(code)}"
        case Unsolicited(line):
            report = callerid.parse(line) if voice else reports.parse(line)
            if report is None and parse_result(line):
                return f"result {line}"
            return shown(report, line)
    raise AssertionError(event)


def shown(report: Any, line: str) -> str:
    """A report as its name and what it says; `line ...` for what says nothing of a call, a message or the network."""
    if report is None or not (values := [_value(report, field.name) for field in fields(report)]):
        bare = report is not None and type(report).__name__ not in ("Detail",)
        return type(report).__name__ if bare else f"line {line}"
    return " ".join([type(report).__name__, *filter(None, values)])


def _value(report: Any, name: str) -> str:
    value = getattr(report, name)
    if isinstance(value, bool):
        return name if value else ""
    if isinstance(value, Enum):
        return value.name
    return "" if value is None else str(value)


def _payload(following: Iterable[Step]) -> bytes | None:
    for step in following:
        if step.mark == ">+":
            return step.text.encode()
        if step.mark == ">":
            break
    return None


def _pieces(data: bytes, chunk: int) -> list[bytes]:
    return [data[at : at + chunk] for at in range(0, len(data), chunk)] if chunk else [data]
