"""Keys from four senders through every codec on a telephone's way, read by three readers.

    python -m tests.bench.dtmf.paths            160 keys each; `--keys N` for more or fewer; `--on 50` for milliseconds of tone

Ours and the simulated network's keys must be read by programs that nobody here wrote, and theirs by us. The keys of a program are
never read by that program alone, so an error on both sides cannot cancel out.
"""

from __future__ import annotations

import argparse
import ctypes
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hal.audio import adpcm, companding, tones
from hal.audio.sound import Encoding
from hal.simulated import g711, sounds
from tests.bench.dtmf import codecs, peers
from tests.bench.dtmf.signals import HIGH, KEYS, LOW

Samples = np.ndarray
LEAD = np.zeros(2400, np.int16)


# --- who sends ------------------------------------------------------------------------------------------------------


def ours(keys: str, on_s: float, off_s: float) -> Samples:
    """`hal.audio.tones`, which the drivers of duplex lines send."""
    return tones.dtmf(keys, on_s=on_s, off_s=off_s)


def simulator(keys: str, on_s: float, off_s: float) -> Samples:
    """A telephone of the simulated network, in the A-law that it speaks."""
    quiet = sounds.quiet(off_s)
    return g711.decode(b"".join(sounds.key_tone(key, on_s) + quiet for key in keys)).astype(np.int16)


def spandsp(keys: str, on_s: float, off_s: float) -> Samples:
    """libspandsp.so.2 through ctypes: its generator, its levels."""
    lib = ctypes.CDLL("libspandsp.so.2")
    lib.dtmf_tx_init.restype = ctypes.c_void_p
    lib.dtmf_tx_init.argtypes = [ctypes.c_void_p] * 3
    lib.dtmf_tx_set_timing.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_int]
    lib.dtmf_tx_put.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int]
    lib.dtmf_tx.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int]
    lib.dtmf_tx_free.argtypes = [ctypes.c_void_p]
    state = lib.dtmf_tx_init(None, None, None)
    lib.dtmf_tx_set_timing(state, round(on_s * 1000), round(off_s * 1000))
    pieces = []
    for key in keys:
        lib.dtmf_tx_put(state, key.encode(), 1)
        buffer = np.zeros(round((on_s + off_s) * 8000), np.int16)
        made = 0
        while made < len(buffer):
            got = lib.dtmf_tx(state, buffer[made:].ctypes.data, len(buffer) - made)
            if got <= 0:
                break
            made += got
        pieces.append(buffer)
    lib.dtmf_tx_free(state)
    return np.concatenate(pieces)


def sox(keys: str, on_s: float, off_s: float) -> Samples:
    """SoX's synthesiser, two sines a key."""
    made: dict[str, Samples] = {}
    for key in sorted(set(keys)):
        low, high = LOW[KEYS.index(key) // 4], HIGH[KEYS.index(key) % 4]
        out = ["-t", "raw", "-r", "8000", "-c", "1", "-e", "signed", "-b", "16", "-"]
        effects = [
            "synth",
            f"{on_s}",
            "sine",
            f"{low}",
            "sine",
            f"{high}",
            "remix",
            "1,2",
            "gain",
            "-10",
            "pad",
            "0",
            f"{off_s}",
        ]
        done = subprocess.run(["sox", "-D", "-r", "8000", "-n", *out, *effects], capture_output=True, check=True)
        made[key] = np.frombuffer(done.stdout, "<i2")
    return np.concatenate([made[key] for key in keys])


SENDERS: dict[str, Callable[[str, float, float], Samples]] = {
    "ours": ours,
    "simulator": simulator,
    "spandsp": spandsp,
    "sox": sox,
}

# --- what lies between ----------------------------------------------------------------------------------------------


def _through(codec: Callable[[np.ndarray, np.random.Generator], np.ndarray]) -> Callable[[Samples], Samples]:
    return lambda samples: np.clip(
        np.rint(codec(samples.astype(float), np.random.default_rng(0))), -32768, 32767
    ).astype(np.int16)


def _law(name: str) -> Callable[[Samples], Samples]:
    def through(samples: Samples) -> Samples:
        law = ["-t", "raw", "-r", "8000", "-c", "1", "-e", name, "-b", "8", "-"]
        raw = codecs._RAW
        there = subprocess.run(
            ["sox", "-D", *raw, *law], input=samples.tobytes(), capture_output=True, check=True
        ).stdout
        back = subprocess.run(["sox", "-D", *law, *raw], input=there, capture_output=True, check=True).stdout
        return np.frombuffer(back, "<i2")

    return through


def _ima(samples: Samples) -> Samples:
    """IMA ADPCM in blocks, by sox."""
    with tempfile.TemporaryDirectory() as place:
        path = str(Path(place, "ima.wav"))
        subprocess.run(["sox", "-D", *codecs._RAW, "-e", "ima-adpcm", path], input=samples.tobytes(), check=True)
        back = subprocess.run(["sox", "-D", path, *codecs._RAW], capture_output=True, check=True).stdout
    return np.frombuffer(back, "<i2")


def _adpcm(encoding: Encoding) -> Callable[[Samples], Samples]:
    """As a modem of that codec has it, by `hal.audio.adpcm`."""
    return lambda samples: adpcm.decoder(encoding).decode(adpcm.encoder(encoding).encode(samples))


def _sound(encoding: Encoding) -> Callable[[Samples], Samples]:
    """As a modem of that codec has it, by `hal.audio.companding`."""
    return lambda samples: companding.decode(companding.encode(samples, encoding), encoding)


CODECS: dict[str, Callable[[Samples], Samples]] = {
    "none": lambda samples: samples,
    "A-law (sox)": _law("a-law"),
    "mu-law (sox)": _law("mu-law"),
    "8 bit linear (ours)": _sound(Encoding.U8),
    "IMA ADPCM (sox)": _ima,
    "IMA ADPCM (ours)": _adpcm(Encoding.IMA_ADPCM),
    "ZyXEL ADPCM-2 (ours)": _adpcm(Encoding.ZYXEL_ADPCM_2),
    "ZyXEL ADPCM-3 (ours)": _adpcm(Encoding.ZYXEL_ADPCM_3),
    "GSM full rate (sox)": _through(codecs.gsm_full_rate),
    "AMR 12.2 (sox)": _through(codecs.amr_12_2),
    "AMR 4.75 (sox)": _through(codecs.amr_4_75),
}

READERS: dict[str, peers.Detector] = {"ours": peers.ours, "spandsp": peers.Spandsp(), "multimon": peers.multimon}

# --- and what was made of it ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Tally:
    """Of so many keys."""

    right: int
    missed: int
    doubled: int
    """Heard once more than pressed, right behind it."""
    wrong: int
    """Another key, or out of nothing."""

    def __str__(self) -> str:
        return f"{self.right}/{self.missed}/{self.doubled}/{self.wrong}"


def tally(pressed: str, heard: str) -> Tally:
    """By the alignment with the fewest differences."""
    rows = [list(range(len(heard) + 1))]
    for i, p in enumerate(pressed, 1):
        row = [i]
        for j, h in enumerate(heard, 1):
            row.append(min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (p != h)))
        rows.append(row)
    i, j = len(pressed), len(heard)
    right = missed = doubled = wrong = 0
    while i or j:
        if i and j and rows[i][j] == rows[i - 1][j - 1] + (pressed[i - 1] != heard[j - 1]):
            right, wrong = right + (pressed[i - 1] == heard[j - 1]), wrong + (pressed[i - 1] != heard[j - 1])
            i, j = i - 1, j - 1
        elif i and rows[i][j] == rows[i - 1][j] + 1:
            missed, i = missed + 1, i - 1
        else:
            again = (i > 0 and heard[j - 1] == pressed[i - 1]) or (i < len(pressed) and heard[j - 1] == pressed[i])
            doubled, wrong, j = doubled + again, wrong + (not again), j - 1
    return Tally(right, missed, doubled, wrong)


def keys_to_press(count: int, seed: int = 4711) -> str:
    """Every key equally often, in an order by chance, doubled ones among them."""
    return "".join(np.random.default_rng(seed).permutation(list((KEYS * (count // 16 + 1))[:count])))


def read(
    codec: str, sender: str, pressed: str, on_s: float, off_s: float, readers: Iterable[str] = tuple(READERS)
) -> dict[str, Tally]:
    """What each reader makes of a sender's keys through a codec."""
    signal = np.concatenate([LEAD, SENDERS[sender](pressed, on_s, off_s), LEAD])
    received = np.ascontiguousarray(CODECS[codec](signal), np.int16)
    return {name: tally(pressed, READERS[name](received)) for name in readers}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.dtmf.paths", description=__doc__.splitlines()[0])
    parser.add_argument("--keys", type=int, default=160)
    parser.add_argument("--on", type=float, default=80, help="milliseconds of tone, and of pause")
    options = parser.parse_args()
    pressed = keys_to_press(options.keys)
    print(f"{options.keys} keys, {options.on:g} ms on and off: right/missed/doubled/wrong")
    print(f"{'codec':<22}{'sender':<11}" + "".join(f"{name:>17}" for name in READERS))
    for codec in CODECS:
        for sender in SENDERS:
            tallies = read(codec, sender, pressed, options.on / 1000, options.on / 1000)
            print(f"{codec:<22}{sender:<11}" + "".join(f"{one!s:>17}" for one in tallies.values()), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
