"""Ears for tones: what they cost, and what they mistake.

    python -m tests.bench.ears cost [--lines 30]          CPU of listening for tones on so many lines
    python -m tests.bench.ears talkoff [--minutes 60]     speech that is taken for a hang-up, in every country's tones
    python -m tests.bench.ears tones                      tones that are recognised, by noise, level and frequency error
    python -m tests.bench.ears answers [--calls 400]      calls that ring and are answered by one word: known when, or too early

Speech is that of the DTMF bench: 22 languages and 14 voices of espeak-ng, made-up words full of long vowels. Each piece is also
heard ten decibels louder (clipped) and at half its speed of change, as hum and song.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Callable

import numpy as np

from hal.audio import companding, tones
from hal.audio.hangup import HangUpEar
from hal.audio.levels import active_speech_dbm0
from hal.audio.listening import CHUNK, ToneListener
from hal.audio.progress import analyser
from hal.audio.pump import TICK_S
from hal.audio.sound import FRAME, RATE, Encoding
from hal.audio.supervision import Supervision, Verdict
from hal.audio.tones import COUNTRIES, Cadence, Signal
from tests.bench.dtmf import speech
from tests.hal.audio.voices import gain, line, listen, noise, spoken

ENDS = (Signal.BUSY, Signal.CONGESTION, Signal.DIAL, Signal.UNOBTAINABLE)


class FakeStream:
    """As much of a pump's stream as the listener sees."""

    def __init__(self, ear: HangUpEar) -> None:
        self.ear = ear
        self.untold = bytearray()
        self.width = 1

        class Port:
            encoding = Encoding.ALAW

        self.port = Port()


def cost(lines: int, seconds: float = 20.0) -> None:
    """CPU time of listening alone, a tick at a time, for what lines may carry."""
    rng = np.random.default_rng(1)
    analyser("DE")
    talk = np.concatenate(list(speech.talk(7, 1.0, highpass=False)))
    busy = tones.cadence("DE", Signal.BUSY).samples(30.0, -15)
    for name, samples in (
        ("speech", talk),
        ("idle line", np.zeros(len(talk))),
        ("busy tone", np.resize(busy, len(talk))),
    ):
        alaw = companding.encode(line(samples.astype(np.int16)), Encoding.ALAW)
        listener = ToneListener()
        streams = [FakeStream(HangUpEar("DE", lambda signal, ago: None, playing=lambda: False)) for _ in range(lines)]
        for stream in streams:
            listener.add(stream)
            stream.untold += b"\xd5" * int(rng.integers(0, CHUNK // FRAME)) * FRAME  # lines begin at different times
        ticks = round(seconds / TICK_S)
        began = time.process_time()
        worst = 0.0
        for tick in range(ticks):
            at = tick * FRAME % (len(alaw) - FRAME)
            for stream in streams:
                stream.untold += alaw[at : at + FRAME]
            before = time.perf_counter()
            listener.listen()
            worst = max(worst, time.perf_counter() - before)
        used = time.process_time() - began
        share, each = 100 * used / seconds, 1e6 * used / seconds / lines
        print(
            f"{lines} lines, {name}: {share:.2f} % of a core ({each:.0f} us a line and second), worst tick {1000 * worst:.1f} ms"
        )


def hang_ups(country: str, samples: np.ndarray) -> list[Signal]:
    """What an ear of that country takes for a hang-up."""
    found: list[Signal] = []

    def heard(signal: Signal | None, ago: int) -> None:
        if signal in ENDS:
            found.append(signal)

    for _ in listen(HangUpEar(country, heard, playing=lambda: True), samples):
        pass
    return found


def talkoff(minutes: float) -> None:
    """False hang-ups in speech."""
    changes: dict[str, Callable[[np.ndarray], np.ndarray]] = {
        "as spoken": lambda samples: samples,
        "10 dB louder, clipped": lambda samples: gain(samples, 10),
        "at half speed": lambda samples: np.repeat(samples, 2),
    }
    hours = 0.0
    false: Counter[str] = Counter()
    for number, piece in enumerate(speech.talk(11, minutes, highpass=False)):
        for name, change in changes.items():
            samples = line(change(piece), seed=number)
            hours += len(samples) / RATE / 3600
            for country in COUNTRIES:
                for signal in hang_ups(country, samples):
                    false[f"{country} {signal.value}, {name}"] += 1
    print(
        f"{hours:.1f} h of speech, each in the tones of {len(COUNTRIES)} countries: {sum(false.values())} false hang-ups"
    )
    for what, count in false.most_common():
        print(f"  {count} x {what}")


def recognised() -> None:
    """Share of tones that are recognised as themselves, over all countries and the four that end a call."""
    print("noise below tone | level  | off frequency |", *(f"{signal.value:>10}" for signal in ENDS))
    for below, level, off_hz in (
        (40, -10, 0), (20, -10, 0), (15, -10, 0), (12, -10, 0), (10, -10, 0), (8, -10, 0),
        (30, -25, 0), (30, -33, 0), (30, -38, 0), (30, -10, 5), (30, -10, 10), (30, -10, 15), (30, -10, 20),
    ):  # fmt: skip
        row = []
        for signal in ENDS:
            hits = 0
            for number, country in enumerate(COUNTRIES):
                cadence = tones.cadence(country, signal)
                moved = Cadence(tuple((tuple(f + off_hz for f in mixture), s) for mixture, s in cadence.steps))
                samples = np.concatenate([tones.silence(0.37), moved.samples(max(6.0, 3 * cadence.period_s), level)])
                noisy = samples + noise(len(samples) / RATE, level - below, seed=number)
                hits += hang_ups(country, line(np.clip(noisy, -32768, 32767).astype(np.int16), -65))[:1] == [signal]
            row.append(f"{100 * hits / len(COUNTRIES):8.0f} %")
        print(f"{below:13} dB | {level:3} dBm0 | {off_hz:10} Hz |", *row)


GREETINGS = (
    ("Hello?", "en-gb"), ("Yes?", "en-gb+f3"), ("Good evening, Miller speaking.", "en-gb+m3"), ("Hallo?", "de"),
    ("Ja bitte?", "de+f2"), ("Schmidt.", "de+m5"), ("Oui?", "fr-fr"), ("Allô?", "fr-fr+f4"), ("Pronto?", "it"),
)  # fmt: skip


def answers(calls: int) -> None:
    """Calls that ring for a while and are answered in the middle of a ring or a pause, by one short greeting."""
    rng = np.random.default_rng(23)
    delays: list[float] = []
    early = late = 0
    for _ in range(calls):
        country = str(rng.choice(list(COUNTRIES)))
        rings = tones.cadence(country, Signal.RING_BACK).samples(
            float(rng.uniform(3.0, 22.0)), float(rng.uniform(-24, -8))
        )
        text, voice = GREETINGS[int(rng.integers(len(GREETINGS)))]
        word = spoken(text, voice)
        word = gain(word, float(rng.uniform(-35, -10)) - active_speech_dbm0(word))
        quiet = tones.silence(float(rng.uniform(0.1, 1.2)))
        call = np.concatenate([tones.silence(1.5), rings, quiet, word, tones.silence(8.0)])
        begin = (len(rings) + len(quiet)) / RATE + 1.5
        ear = Supervision(country, 60.0)
        heard = line(call, float(rng.uniform(-68, -48)), seed=int(rng.integers(1 << 30)))
        known = next((at / RATE for at in listen(ear, heard) if ear.verdict), None)
        if known is None or ear.verdict is not Verdict.ANSWERED:
            late += 1
        elif known < 1.5 + len(rings) / RATE:
            early += 1
        else:
            delays.append(max(0.0, known - begin))
    cuts = np.quantile(delays, (0.5, 0.9, 0.99))
    print(f"{calls} calls: {early} taken for answered while they rang, {late} never")
    print(
        "the others known after the greeting began: half within {:.1f} s, 90 % within {:.1f} s, 99 % within {:.1f} s".format(
            *cuts
        )
    )
    by_voice = sum(delay < 2.0 for delay in delays)
    print(f"{100 * by_voice / calls:.0f} % by the voice; the rest when the next ring stayed away")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("cost", "talkoff", "tones", "answers"))
    parser.add_argument("--lines", type=int, default=30)
    parser.add_argument("--calls", type=int, default=400)
    parser.add_argument("--minutes", type=float, default=60.0)
    arguments = parser.parse_args()
    match arguments.what:
        case "cost":
            cost(arguments.lines)
        case "talkoff":
            talkoff(arguments.minutes)
        case "answers":
            answers(arguments.calls)
        case _:
            recognised()


if __name__ == "__main__":
    main()
