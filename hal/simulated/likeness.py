"""Recognising prompts on a path that changes the samples a little: by correlation, at 2 kHz, 0.2 s at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hal.simulated import g711
from hal.simulated.captions import Captions, Clip, Heard

_DOWN = 4
_ANCHOR = 800
"""Samples at 2 kHz (0.4 s) that must fit before a clip is suspected."""
_STEP = 400
_SIZE = 2048
ALIKE = 0.85
"""Correlation coefficient from which two pieces of sound are the same."""
_RIVAL = 0.05

Wave = npt.NDArray[np.float32]


def _slow(alaw: bytes) -> Wave:
    """Linear samples at 2 kHz, by plain averages: enough to compare, both sides alike."""
    usable = len(alaw) - len(alaw) % _DOWN
    slow: Wave = g711.decode(alaw[:usable]).reshape(-1, _DOWN).mean(axis=1, dtype=np.float32)
    return slow


def _alike(one: Wave, other: Wave) -> float:
    power = float(np.dot(one, one)) * float(np.dot(other, other))
    return float(np.dot(one, other)) / power**0.5 if power > 0 else 0.0


@dataclass
class _Known:
    clip: Clip
    phases: list[Wave]
    """The clip at 2 kHz, once for each of the four places where it may begin between two slow samples."""
    anchor: int


@dataclass
class _Suspect:
    known: _Known
    phase: int
    begin: int
    """In the stream, at 8 kHz."""
    told: Heard | None = None


class Library:
    """All clips, made ready for comparison once. Shared by the telephones of an exchange."""

    def __init__(self, captions: Captions) -> None:
        self._captions = captions
        self._learnt = 0
        self.known: list[_Known] = []
        self.spectra = np.zeros((0, _SIZE // 2 + 1), np.complex64)
        """Of the anchors, four rows a clip."""

    def refresh(self) -> None:
        """Take up clips that have been learnt since."""
        clips = self._captions.clips[self._learnt :]
        self._learnt = len(self._captions.clips)
        new = [self._prepare(clip) for clip in clips if len(clip.alaw) >= _ANCHOR * _DOWN // 2]
        if new:
            rows = [self._spectrum(known, phase) for known in new for phase in range(_DOWN)]
            self.known += new
            self.spectra = np.concatenate((self.spectra, np.stack(rows)))

    @staticmethod
    def _prepare(clip: Clip) -> _Known:
        """The anchor is the loudest 0.4 s of the first second and a half."""
        phases = [_slow(bytes([g711.SILENCE]) * phase + clip.alaw) for phase in range(_DOWN)]
        energy = np.cumsum(np.concatenate(([0.0], phases[0][:3000].astype(float) ** 2)))
        spans = energy[_ANCHOR:] - energy[:-_ANCHOR]
        return _Known(clip, phases, int(np.argmax(spans)) if len(spans) else 0)

    @staticmethod
    def _spectrum(known: _Known, phase: int) -> npt.NDArray[np.complex64]:
        anchor = known.phases[phase][known.anchor : known.anchor + _ANCHOR]
        norm = float(np.linalg.norm(anchor)) or 1.0
        return np.conj(np.fft.rfft(anchor / norm, _SIZE)).astype(np.complex64)


class Likeness:
    """An ear for one call. `feed` like `hal.simulated.captions.Ear`; `heard` grows."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._stream = np.zeros(0, np.float32)
        self._waiting = b""
        self._searched = 0
        self._suspects: list[_Suspect] = []
        self.heard: list[Heard] = []

    def feed(self, frame: bytes) -> bool:
        """More audio. True when a caption has been recognised or completed."""
        self._waiting += frame
        if len(self._waiting) < _STEP * _DOWN:
            return False
        self._stream = np.concatenate((self._stream, _slow(self._waiting)))
        self._waiting = b""
        told = False
        while len(self._stream) - self._searched >= _ANCHOR + _STEP:
            self._search(self._stream[self._searched : self._searched + _ANCHOR + _STEP])
            self._searched += _STEP
        for suspect in tuple(self._suspects):
            told |= self._judge(suspect)
        return told

    def _search(self, window: Wave) -> None:
        energy = np.cumsum(np.concatenate(([0.0], window.astype(float) ** 2)))
        level = np.sqrt(energy[_ANCHOR : _ANCHOR + _STEP] - energy[:_STEP])
        self._library.refresh()
        if not self._library.known or level.max() < 100 * _ANCHOR**0.5:
            return
        spectrum = np.fft.rfft(window, _SIZE).astype(np.complex64)
        likeness = np.fft.irfft(spectrum * self._library.spectra, _SIZE, axis=1)[:, :_STEP] / np.maximum(level, 1.0)
        best = likeness.max(axis=1).reshape(-1, _DOWN)
        for index in np.flatnonzero(best.max(axis=1) >= ALIKE):
            phase = int(best[index].argmax())
            lag = int(likeness[index * _DOWN + phase].argmax())
            known = self._library.known[index]
            begin = (self._searched + lag - known.anchor) * _DOWN + phase
            if begin >= 0 and not any(s.known is known and abs(s.begin - begin) < 80 for s in self._suspects):
                self._suspects.append(_Suspect(known, phase, begin))

    def _fit(self, suspect: _Suspect) -> tuple[float, bool]:
        """(how well it fits as far as it was heard, whether it has ended)."""
        wave = suspect.known.phases[suspect.phase]
        begin = (suspect.begin - suspect.phase) // _DOWN
        have = min(len(wave), len(self._stream) - begin)
        return _alike(wave[:have], self._stream[begin : begin + have]), have == len(wave)

    def _judge(self, suspect: _Suspect) -> bool:
        fit, ended = self._fit(suspect)
        if fit < ALIKE:
            self._suspects.remove(suspect)
            return False
        rivals = [s for s in self._suspects if s is not suspect and abs(s.begin - suspect.begin) < 80]
        if ended and any(
            len(r.known.clip.alaw) > len(suspect.known.clip.alaw) and self._fit(r)[0] >= fit for r in rivals
        ):
            self._suspects.remove(suspect)
            return False
        alone = all(self._fit(rival)[0] < fit - _RIVAL for rival in rivals)
        told = False
        if suspect.told is None and (alone or ended):
            suspect.told = Heard(suspect.known.clip.caption, suspect.begin, False)
            self.heard.append(suspect.told)
            told = True
        if ended and suspect.told:
            suspect.told.complete = told = True
            self._suspects.remove(suspect)
        return told
