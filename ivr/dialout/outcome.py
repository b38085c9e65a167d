"""From what `hal` raised, or a conversation returned, to what is written down: outcome, and whether it was one of the calls."""

from __future__ import annotations

from dataclasses import dataclass

from hal.errors import Busy, CallFailed, HalError, LineFault, NoAnswer, Refused


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended."""

    outcome: str
    """As in `AttemptEnded.outcome`."""
    counted: bool
    """One of the team's calls (design, decision 5)."""
    detail: str
    call: str
    """As in `CallEnded.outcome`."""


def of_error(error: Exception) -> Outcome:
    """An attempt that was never answered.

    Counted is what the called side did, and what the gate forbade: a refused call comes round again after the gap, so
    that whoever reads the alarm has time to mend the rule, and ends with "not reached" like any other. A fault of the
    line, or of this program under it, counts for nothing.
    """
    detail = _text(error)
    match error:
        case Busy():
            return Outcome("busy", True, detail, "busy")
        case NoAnswer():
            return Outcome("no-answer", True, detail, "no-answer")
        case CallFailed():
            return Outcome("rejected", True, detail, "rejected")
        case Refused():
            return Outcome("refused", True, detail, "refused")
        case LineFault():
            return Outcome("line-fault", False, detail, "line-fault")
        case _:
            return Outcome("line-fault", False, f"unexpected: {detail}", "line-fault")


def unobtainable(fault: LineFault) -> Outcome:
    """Several lines that work for others have failed on this number: the number is at fault, and it counts."""
    return Outcome("rejected", True, f"unobtainable: {_text(fault)} on every line tried", "rejected")


def of_conversation(outcome: str, detail: str, *, line_died: bool) -> Outcome:
    """An attempt that was answered, as `ivr.outbound.converse` saw it.

    Where the line died under the conversation before the team had acknowledged, that is the line's fault.
    """
    if outcome != "reached" and line_died:
        return Outcome("line-fault", False, f"the line died in the call: {detail}".rstrip(": "), "line-fault")
    return Outcome(outcome, True, detail, "completed")


def of_crash(error: Exception) -> Outcome:
    """A conversation that ended in an error of this program. The telephone was answered, so it counts: the team is not
    to pay for our mistake with endless calls."""
    return Outcome("interrupted", True, f"internal error: {_text(error)}", "interrupted")


def _text(error: Exception) -> str:
    name = type(error).__name__
    text = str(error)
    return f"{name}: {text}" if text and not isinstance(error, HalError) else text or name
