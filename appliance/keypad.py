"""What is typed while one is a caller: keys of the telephone, something to say, hanging up. Sans I/O."""

from __future__ import annotations

from dataclasses import dataclass

HELP = "0-9 * # A-D: keys of the telephone.  s: say something.  h: hang up.  ?: this."
END = "\x04"
"""Ctrl-D: hang up."""


@dataclass(frozen=True, slots=True)
class Press:
    """A key of the telephone."""

    key: str


@dataclass(frozen=True, slots=True)
class Say:
    """A sentence, or the path of a WAV file."""

    text: str


@dataclass(frozen=True, slots=True)
class HangUp:
    """Put the receiver down."""


@dataclass(frozen=True, slots=True)
class Help:
    """Show what can be typed."""


Action = Press | Say | HangUp | Help


class Keypad:
    """Fed with characters as they are typed."""

    def __init__(self) -> None:
        self.sentence: str | None = None
        """What is being typed after `s`, or None."""

    def feed(self, text: str) -> list[Action]:
        """What follows from some more characters."""
        actions: list[Action] = []
        for character in text:
            action = self._key(character) if self.sentence is None else self._letter(character)
            if action is not None:
                actions.append(action)
        return actions

    def _key(self, character: str) -> Action | None:
        if character in "0123456789*#ABCD":
            return Press(character)
        match character:
            case "s":
                self.sentence = ""
            case "h" | "q" | "\x04":
                return HangUp()
            case "?":
                return Help()
        return None

    def _letter(self, character: str) -> Action | None:
        assert self.sentence is not None
        if character in "\r\n":
            said, self.sentence = self.sentence.strip(), None
            return Say(said) if said else None
        if character in "\x7f\b":
            self.sentence = self.sentence[:-1]
        elif character in ("\x1b", END):
            self.sentence = None
        elif character.isprintable():
            self.sentence += character
        return None
