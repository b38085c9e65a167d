"""What can go wrong with a line, and whose fault it was.

HalError
+-- LineFault            ours: the call never reached the called side.  Never counts against a team.
|   +-- NoDialTone         the exchange does not answer our going off hook
|   +-- NotRegistered      no network, no SIM, or no voice service on this SIM
|   +-- Congestion         the network has no circuit (Q.850 causes 34, 38, 41, 42, 44, 47)
|   +-- RefusedAtOnce      NO CARRIER within 2 s of dialling: nothing can have rung
|   +-- ModemSilent        no answer to a command in time
|   +-- ModemError         an answer that makes no sense, or ERROR to a command that must work
|   +-- Unplugged          the port is gone
|   +-- Glare              a call came in while we dialled; it is offered as an IncomingCall
|   +-- LineClosed         the line was closed by this program
+-- CallFailed           theirs: the called side was reached, or its exchange answered for it.
|   +-- Busy
|   +-- NoAnswer           rang until the ring limit
|   +-- Rejected           refused, unobtainable, or released before answer
+-- HungUp               the other side ended a call that was up (also: the line died in the call)
+-- Refused              the dial gate said no; nothing was sent to the modem
+-- SmsFailed            the network or the modem refused the message: it was not sent
+-- SmsUnknown           no answer after the message was handed over: it may have been sent
"""

from __future__ import annotations


class HalError(Exception):
    """Base of everything that `hal` raises on purpose."""


class LineFault(HalError, OSError):
    """The line could not do its part. The called side has nothing to do with it."""


class NoDialTone(LineFault):
    """No dial tone (ITU-T V.250 result NO DIALTONE)."""


class NotRegistered(LineFault):
    """The radio modem has no network that carries voice (3GPP TS 27.007 +CREG), or no usable SIM."""


class Congestion(LineFault):
    """The network has no free circuit (ITU-T Q.850 causes 34, 38, 41, 42, 44, 47)."""


class RefusedAtOnce(LineFault):
    """NO CARRIER sooner than two seconds after the dial command: no telephone can have rung."""


class ModemSilent(LineFault, TimeoutError):
    """A command got no final result within its time limit."""


class ModemError(LineFault):
    """The modem said ERROR to a command that it must know, or something that cannot be understood."""


class Unplugged(LineFault, ConnectionError):
    """The serial port went away."""


class Glare(LineFault):
    """A call arrived at the moment of dialling. It is offered through `Line.incoming()`."""


class LineClosed(LineFault):
    """The line, or the device it belongs to, has been closed."""


class CallFailed(HalError):
    """The call reached the called side's exchange, and was not answered."""


class Busy(CallFailed):
    """Busy (V.250 result BUSY, Q.850 cause 17)."""


class NoAnswer(CallFailed):
    """Nobody answered within the ring limit."""


class Rejected(CallFailed):
    """Refused, switched off, unobtainable, or released before it was answered."""


class HungUp(HalError, ConnectionError):
    """The other side has ended the call, or the line under it died."""

    samples: int | None = None
    """Raised by `Call.play`: how many samples the far end had been sent by then, as in `Played.samples`. None if unknown."""


class Refused(HalError, PermissionError):
    """The dial gate does not allow this call or message. `str()` gives the rule and the mend."""


class SmsFailed(HalError):
    """The message was certainly not sent. `str()` holds the +CMS ERROR (3GPP TS 27.005, 3.2.5)."""


class SmsUnknown(HalError, TimeoutError):
    """No result after the message was handed over: it may have gone out. Never send it twice blindly."""
