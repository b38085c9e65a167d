"""AT commands: framing and dialogue without I/O, and a thin asyncio shell for a serial port."""

from hal.at.engine import ANYTHING, Command, Engine, Finished, Prompted, Reply, Unsolicited
from hal.at.framing import Framer, Shielded, TextLine
from hal.at.interpreter import CommandError, Interpreter, PayloadUnanswered
from hal.at.results import BASIC, CALL, parse_result

__all__ = [
    "ANYTHING",
    "BASIC",
    "CALL",
    "Command",
    "CommandError",
    "Engine",
    "Finished",
    "Framer",
    "Interpreter",
    "PayloadUnanswered",
    "Prompted",
    "Reply",
    "Shielded",
    "TextLine",
    "Unsolicited",
    "parse_result",
]
