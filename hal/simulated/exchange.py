"""The simulated telephone exchange: numbers, lines, ringing, switching of audio.

It lives in the running event loop and takes all its time from it, so a virtual loop moves it in tests and a scaled loop makes
it run faster than life. One 20 ms tick carries the audio of all calls, in A-law frames, and only runs while there is audio.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from hal.audio.tones import COUNTRIES
from hal.simulated.captions import Captions
from hal.simulated.causes import Cause
from hal.simulated.circuit import CallLog, Circuit, Party, Phase, Presence
from hal.simulated.hybrid import Hybrid
from hal.simulated.isdn4linux import IsdnAdapter
from hal.simulated.likeness import Library
from hal.simulated.pdu import Submit
from hal.simulated.phone import Phone
from hal.simulated.ptyport import Watch
from hal.simulated.radiomodem import RadioModem
from hal.simulated.radios import radio_modem
from hal.simulated.voicemodem import AnalogueModem

TICK_S = 0.02
D = TypeVar("D")
_MAX_BACKLOG = 250
"""Ticks made up for after the process was held up; what is older is lost, as in any overloaded exchange."""


class Sms(NamedTuple):
    """A message that the network accepted."""

    sender: str
    recipient: str
    text: str


def whole_number(number: str) -> str:
    """As the network knows a number (ITU-T E.164), however it is dialled in Germany: `089123` and `0049 89123` are `+4989123`.
    Short numbers of the exchange's own, which begin with no zero, stay as they are."""
    if number.startswith("00"):
        return "+" + number[2:]
    return "+49" + number[1:] if number.startswith("0") else number


class UnexpectedCall(AssertionError):
    """A phone was called and nobody in the test had asked for it, or a modem of the exchange itself went wrong."""


class Exchange:
    """A telephone exchange with its subscribers. `directory` receives the device nodes.

    Use as `async with Exchange(directory) as exchange:`; at a regular end it raises `UnexpectedCall` for a call to a phone that
    nobody took an interest in. Or call `close()`.
    """

    def __init__(self, directory: Path | str, *, prompts: Path | str | None = None) -> None:
        self.directory = Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.loop = asyncio.get_running_loop()
        self.wall: Callable[[], float] = getattr(self.loop, "wall", time.time)
        """Time of day (Unix time), for caller id and messages; a virtual loop brings its own."""
        self.watch = Watch()
        self.prompts = Path(prompts) if prompts else None
        """Directory of rendered prompts with an `index.json`, from which phones tell captions."""
        self.captions = Captions()
        """What phones recognise; `captions.learn(sound)` for more than the prompts."""
        self.likenesses = Library(self.captions)
        self.ring_cadence_s = 5.0
        self.no_answer_s = 180.0
        """After so many seconds of ringing the network gives up (Q.931 timer T301)."""
        self.no_response_s = 4.0
        """After so many seconds without a sign of life from the called side the network gives up (Q.931 timer T303)."""
        self.congested = False
        """The network has no circuit for anybody."""
        self.sms: list[Sms] = []
        self.closed = False
        self._parts: dict[tuple[str, str, int], dict[int, str]] = {}
        self._subscribers: dict[str, list[Party]] = {}
        self._phones: dict[str, Phone] = {}
        self._devices: dict[str, Any] = {}
        self._circuits: list[Circuit] = []
        self._connected: list[Circuit] = []
        self._off_hook: dict[Party, Callable[[], bytes]] = {}
        self._tick: asyncio.TimerHandle | None = None
        self._next_tick = 0.0
        self._tasks: set[asyncio.Task[Any]] = set()
        self._errors: list[BaseException] = []

    # --- subscribers ---

    def isdn_adapter(
        self, name: str, msns: list[str], *, numbers: Sequence[str] = (), dialect: str = "isdn4linux"
    ) -> IsdnAdapter:
        """An ISDN adapter with one port a line: nodes `name.1`, `name.2` ...; `msns[i]` is the number of line i + 1.

        `numbers`: further numbers of the same bus, whose calls go to any line that listens to them.
        ValueError for a dialect other than `isdn4linux`.
        """
        if dialect != "isdn4linux":
            raise ValueError(f"no ISDN dialect {dialect!r}")
        return self._keep(name, IsdnAdapter(self, name, msns, numbers))

    def voice_modem(
        self,
        name: str,
        number: str,
        *,
        model: str = "conexant",
        country: str = "DE",
        echo_db: float | None = None,
        echo_ms: float = 12.0,
    ) -> AnalogueModem:
        """An analogue voice modem at node `name`; the models are those of `hal.simulated.models`. `country`: whose tones its
        exchange gives. `echo_db`: the line lets what the modem says come back, so much weaker and `echo_ms` later.

        ValueError for a model or country that is not known.
        """
        if country not in COUNTRIES:
            raise ValueError(f"no tones known for {country!r}; known are {', '.join(COUNTRIES)}")
        modem = self._keep(name, AnalogueModem(self, name, number, model))
        modem.country = country
        modem.hybrid = None if echo_db is None else Hybrid(echo_db, echo_ms)
        self.subscribe(number, modem)
        return modem

    def gsm_modem(self, name: str, number: str, *, model: str = "sim7600") -> RadioModem:
        """A radio modem: AT at node `name`, PCM at `name.pcm`. ValueError for a model that is no row of `radiomodels`."""
        modem = self._keep(name, radio_modem(self, name, number, model))
        self.subscribe(number, modem)
        return modem

    def phone(self, number: str, **settings: Any) -> Phone:
        """The telephone with this number; the same one each time. Settings are attributes of `Phone`."""
        phone = self._phones.get(whole_number(number))
        if phone is None:
            phone = self._phones[whole_number(number)] = Phone(self, number)
            self.subscribe(number, phone)
        for key, value in settings.items():
            if not hasattr(phone, key):
                raise AttributeError(key)
            setattr(phone, key, value)
        return phone

    def subscribe(self, number: str, party: Party) -> None:
        """Attach a party to a number. Several make a hunt group: the first idle one rings."""
        self._subscribers.setdefault(whole_number(number), []).append(party)

    def _keep(self, name: str, device: D) -> D:
        if name in self._devices:
            raise ValueError(f"there is a device {name!r} already")
        self._devices[name] = device
        return device

    @property
    def phones(self) -> dict[str, Phone]:
        """The telephones by number."""
        return dict(self._phones)

    @property
    def devices(self) -> dict[str, Any]:
        """The modems by name."""
        return dict(self._devices)

    @property
    def calls(self) -> list[CallLog]:
        """Every call so far, in order of the dial commands."""
        return [circuit.log() for circuit in self._circuits]

    def calls_to(self, number: str) -> list[CallLog]:
        """The calls to one number."""
        return [log for log in self.calls if whole_number(log.called) == whole_number(number)]

    def read_prompts(self) -> None:
        """Look for new prompts; done at each call of a phone."""
        if self.prompts and self.prompts.is_dir():
            self.captions.read(self.prompts)

    # --- short messages ---

    def accept_sms(self, sender: str, message: Submit) -> None:
        """A modem hands over a message; parts are put together. A modem of this exchange that it is for receives it."""
        texts = [message.text]
        if message.part:
            reference, parts, number = message.part
            pending = self._parts.setdefault((sender, message.recipient, reference), {})
            pending[number] = message.text
            if len(pending) < parts:
                return
            texts = [text for _, text in sorted(self._parts.pop((sender, message.recipient, reference)).items())]
        self.sms.append(Sms(sender, message.recipient, "".join(texts)))
        self.send_sms(sender, message.recipient, "".join(texts))

    def send_sms(self, sender: str, recipient: str, text: str) -> None:
        """The network delivers a message, if a modem with that number is here."""
        for party in self._subscribers.get(whole_number(recipient), []):
            if isinstance(party, RadioModem):
                party.messages.deliver(sender, text)

    # --- calls ---

    def place(self, caller: Party, caller_number: str, called_number: str) -> Circuit:
        """A party dials. What becomes of it is told to the party's `alerting`, `connected` and `released`."""
        circuit = Circuit(self, caller, caller_number, called_number, started=self.loop.time())
        self._circuits.append(circuit)
        circuit.after(caller.setup_s, lambda: self._route(circuit))
        return circuit

    def _route(self, circuit: Circuit) -> None:
        group = self._subscribers.get(whole_number(circuit.called_number))
        if self.congested:
            circuit.release(None, Cause.NO_CIRCUIT)
        elif group is None:
            circuit.release(None, Cause.UNALLOCATED)
        if circuit.phase is Phase.ENDED or group is None:
            return
        states = [(party, party.presence(circuit.called_number)) for party in group if party is not circuit.caller]
        party = next((party for party, state in states if state is Presence.IDLE), None)
        if party is None and any(state is Presence.BUSY for _, state in states):
            circuit.release(None, Cause.USER_BUSY)
        elif party is None:
            circuit.after(self.no_response_s, lambda: circuit.release(None, Cause.NO_USER_RESPONDING))
        elif (refusal := party.refusal()) is not None:
            circuit.release(None, refusal)
        else:
            circuit.called = party
            circuit.phase = Phase.RINGING
            circuit.rang = self.loop.time()
            circuit.after(self.no_answer_s, lambda: circuit.release(None, Cause.NO_ANSWER))
            circuit.caller.alerting(circuit)
            if circuit.phase is Phase.RINGING:
                party.ring(circuit)

    def connect(self, circuit: Circuit) -> None:
        """Switch a ringing call through (`Circuit.answer`)."""
        assert circuit.called is not None
        circuit.after(0, None)
        circuit.phase = Phase.CONNECTED
        circuit.answered = self.loop.time()
        self._connected.append(circuit)
        self._run_ticks()
        circuit.called.connected(circuit)
        if circuit.phase is Phase.CONNECTED:
            circuit.caller.connected(circuit)

    def disconnect(self, circuit: Circuit, by: Party | None, cause: Cause) -> None:
        """End a call (`Circuit.release`)."""
        circuit.after(0, None)
        if circuit.phase is Phase.CONNECTED:
            self._connected.remove(circuit)
        circuit.phase = Phase.ENDED
        circuit.cause = cause
        circuit.ended = self.loop.time()
        for party in (circuit.caller, circuit.called):
            if party is not None and party is not by:
                party.released(circuit, cause)

    # --- audio ---

    def off_hook(self, party: Party, tone: Callable[[], bytes] | None) -> None:
        """A party without a call hears `tone()` each tick and what it says is lost; None: it has hung up."""
        if tone:
            self._off_hook[party] = tone
            self._run_ticks()
        else:
            self._off_hook.pop(party, None)

    def _run_ticks(self) -> None:
        if self._tick is None and not self.closed:
            self._next_tick = self.loop.time() + TICK_S
            self._tick = self.loop.call_at(self._next_tick, self._on_tick)

    def _on_tick(self) -> None:
        self._tick = None
        due = 1 + int((self.loop.time() - self._next_tick) / TICK_S + 1e-6)
        for _ in range(min(due, _MAX_BACKLOG)):
            self._switch()
        self._next_tick += due * TICK_S
        if (self._connected or self._off_hook) and not self.closed:
            self._tick = self.loop.call_at(self._next_tick, self._on_tick)

    def _switch(self) -> None:
        for circuit in tuple(self._connected):
            caller, called = circuit.caller, circuit.called
            assert called is not None
            forward = caller.speak()
            back = called.speak()
            if circuit.phase is Phase.CONNECTED:
                called.hear(forward)
                caller.hear(back)
        for party, tone in tuple(self._off_hook.items()):
            party.speak()
            party.hear(tone())

    # --- housekeeping ---

    def spawn(self, work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        """Run something of the exchange's own. An exception in it is kept, and raised by `close`."""
        task = self.loop.create_task(work, name=f"exchange: {name}")
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            self._errors.append(error)

    async def close(self, *, check: bool = True) -> None:
        """End everything, remove the device nodes. `check`: raise `UnexpectedCall` where a phone rang and nobody cared."""
        if self.closed:
            return
        for circuit in self._circuits:
            circuit.release(None, Cause.NETWORK_OUT_OF_ORDER)
        self.closed = True
        if self._tick:
            self._tick.cancel()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for device in self._devices.values():
            device.unplug()
        self.watch.close()
        if not check:
            return
        if self._errors:
            raise UnexpectedCall("the exchange went wrong") from self._errors[0]
        if surprises := [log for phone in self._phones.values() for log in phone.unexpected]:
            raise UnexpectedCall("; ".join(f"{log.caller or 'withheld'} called {log.called}" for log in surprises))

    async def __aenter__(self) -> Exchange:
        return self

    async def __aexit__(self, kind: object, *_: object) -> None:
        await self.close(check=kind is None)
