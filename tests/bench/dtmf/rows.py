"""The rows of the table. Each says where its limit comes from and whether falling short fails the bench."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tests.bench.dtmf import codecs, speech
from tests.bench.dtmf.signals import Keys, hum, noise, over

PLAIN = Keys()
SLOW = Keys(on_s=0.08, off_s=0.08)


@dataclass(frozen=True)
class Row:
    name: str
    keys: Keys
    must: bool = False
    """A row of Q.24 or of the issue's musts: 98 % (2 % for rejects) or the bench fails."""
    reject: bool = False
    """These are no keys; the score is what was accepted."""
    weight: int = 1
    """How many times the usual number of keys: noisy rows need more to be told apart."""


def _offs(limit: float) -> tuple[float, ...]:
    return (-limit, -limit / 2, limit / 2, limit)


def rows(seed: int) -> list[Row]:
    """All of them. `seed` chooses the speech of the echo rows."""
    table = [
        # Q.24 table A-1 (AT&T): accept from 40 ms on with pauses from 40 ms, reject under 23 ms.
        Row("50/50 ms", PLAIN, must=True),
        Row("40/40 ms", Keys(0.04, 0.04), must=True),
        Row("REJECT 23 ms burst", Keys(0.023, 0.077), must=True, reject=True),
        # Q.24 (AT&T): operate within 1.5 %, not beyond 3.5 %.
        Row(
            "both tones off by up to 1.5 %, 40/40",
            Keys(0.04, 0.04, low_off=_offs(0.015), high_off=_offs(0.015)),
            must=True,
        ),
        Row("REJECT low tone off by 3.5 %", Keys(low_off=(-0.035, 0.035)), must=True, reject=True),
        Row("REJECT high tone off by 3.5 %", Keys(high_off=(-0.035, 0.035)), must=True, reject=True),
        # Q.24 (AT&T): high group up to 8 dB below and 4 dB above the low group.
        Row("twist -8 dB", replace(PLAIN, twist_db=-8.0), must=True),
        Row("twist +4 dB", replace(PLAIN, twist_db=4.0), must=True),
        # Q.24 (AT&T): 0 to -25 dBm a tone; below that is what long lines and handsets make of it.
        Row("0 dBm0 a tone", replace(PLAIN, level=0.0), must=True),
        Row("-25 dBm0", replace(PLAIN, level=-25.0), must=True),
        Row("-36 dBm0", replace(PLAIN, level=-36.0)),
        Row("-40 dBm0", replace(PLAIN, level=-40.0)),
    ]
    table += [
        Row(f"SNR {snr} dB", replace(PLAIN, spoil=(noise(snr, -10.0),)), must=snr == 15, weight=3) for snr in (15, 8, 6)
    ]
    # Q.24 (AT&T): an interruption of 10 ms does not make two keys of one.
    table += [Row("10 ms interruption in 100 ms", Keys(0.1, 0.1, gap_s=0.01), must=True)]
    table += [
        Row(f"425 Hz dial tone at {level}", replace(PLAIN, spoil=(hum(level, 425),)), must=True) for level in (-10, -5)
    ]
    table += [
        Row(f"350+440 Hz dial tone at {level}", replace(PLAIN, spoil=(hum(level, 350, 440),)), must=True)
        for level in (-13, -4)
    ]
    loud = replace(SLOW, level=-13.0)
    table += [
        Row(f"over prompt echo at {level}", replace(loud, spoil=(over(speech.echo(seed, level)),)), must=True)
        for level in (-26, -21, -16)
    ]
    table += [
        Row("GSM full rate 50/50", replace(PLAIN, spoil=(codecs.gsm_full_rate,))),
        Row("GSM full rate 80/80", replace(SLOW, spoil=(codecs.gsm_full_rate,))),
        Row("AMR 12.2 80/80", replace(SLOW, spoil=(codecs.amr_12_2,))),
        Row("AMR 4.75 80/80", replace(SLOW, spoil=(codecs.amr_4_75,))),
    ]
    return table
