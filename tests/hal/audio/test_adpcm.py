"""ADPCM against what other programs make of it, and as a recording that is stored, cut and played."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hal.audio import adpcm, companding
from hal.audio.dtmf import DtmfDetector
from hal.audio.playcopy import playback_copy
from hal.audio.sound import RATE, Encoding, Sound
from hal.audio.tones import dtmf
from hal.simulated.voice import CODECS

ADPCM = [encoding for encoding in Encoding if encoding.adpcm]
TIME = np.arange(RATE) / RATE
CHORD = (
    9000 * np.sin(2 * np.pi * 440 * TIME) * np.minimum(1, TIME * 40) + 4000 * np.sin(2 * np.pi * 1336 * TIME)
).astype(np.int16)
QUIET_LAW = companding.decode(companding.encode(CHORD, Encoding.ALAW), Encoding.ALAW)
ELSEWHERE = {
    # of QUIET_LAW, by pvftormd of mgetty-pvftools 1.2.1, and by Python's audioop with the halves of each byte swapped
    Encoding.ZYXEL_ADPCM_2: "14f57f17f53a5ae4ac43803e",
    Encoding.ZYXEL_ADPCM_3: "0defdb7fc446b121a82a6a09",
    Encoding.ZYXEL_ADPCM_4: "877dff773ff8448cc8738bc8",
    Encoding.IMA_ADPCM: "7517ff77d78c34c80b34b00c43c80c32",
}


def simulated(encoding):
    name = encoding.value.replace("isdn4linux-adpcm-", "i4l-adpcm").replace("zyxel-adpcm-", "zyxel-adpcm")
    return CODECS[name.replace("ima-adpcm", "ima")]()


@pytest.mark.parametrize(("encoding", "codes"), ELSEWHERE.items())
def test_it_codes_as_other_programs_do(encoding, codes):
    assert companding.encode(QUIET_LAW, encoding).hex().startswith(codes)


@pytest.mark.parametrize("encoding", ADPCM)
@settings(deadline=None, derandomize=True, max_examples=10)
@given(st.binary(max_size=300))
def test_any_bytes_mean_the_same_to_the_exchange(encoding, data):
    """Which has a codec of its own: a mistake would have to be made twice."""
    samples = adpcm.decoder(encoding).decode(data)
    assert companding.encode(samples, Encoding.ALAW) == simulated(encoding).decode(data)
    law = companding.encode(samples, Encoding.ALAW)
    linear = companding.decode(law, Encoding.ALAW)
    assert adpcm.encoder(encoding).encode(linear) == simulated(encoding).encode(law)


@pytest.mark.parametrize("encoding", ADPCM)
@settings(deadline=None, derandomize=True, max_examples=10)
@given(st.lists(st.integers(0, 40), max_size=20))
def test_pieces_of_any_size_make_the_same(encoding, sizes):
    coder, decoder = adpcm.encoder(encoding), adpcm.decoder(encoding)
    cuts = np.minimum(np.cumsum([0, *sizes]), len(CHORD))
    codes = b"".join(coder.encode(CHORD[a:b]) for a, b in pairwise(cuts))
    assert codes == companding.encode(CHORD[: cuts[-1]], encoding)
    bytewise = [decoder.decode(bytes((byte,))) for byte in codes]
    assert np.array_equal(np.concatenate([np.zeros(0, np.int16), *bytewise]), companding.decode(codes, encoding))


@pytest.mark.parametrize("encoding", ADPCM)
def test_a_sound_knows_its_length_and_becomes_any_other(encoding):
    sound = Sound(companding.encode(CHORD, encoding), encoding, "chord")
    assert sound.samples == RATE
    assert encoding.size(RATE) == len(sound.data)
    law = sound.to(Encoding.ALAW)
    assert (law.samples, law.caption) == (RATE, "chord")
    heard, said = companding.decode(law.data, Encoding.ALAW).astype(float), CHORD.astype(float)
    assert 10 * np.log10((said**2).mean() / ((heard - said) ** 2).mean()) > (12 if encoding.bits == 2 else 19)


@pytest.mark.parametrize("encoding", ADPCM)
def test_its_playback_copy_has_no_key_at_its_end(encoding):
    sound = Sound(companding.encode(np.concatenate((CHORD, dtmf("5", on_s=0.3))), encoding), encoding)
    assert [key for _, key, _ in DtmfDetector(1).feed(companding.decode(sound.data, encoding)[np.newaxis])] == ["5"]
    copy = playback_copy(sound)
    assert copy.encoding is Encoding.ALAW
    assert not DtmfDetector(1).feed(companding.decode(copy.data, copy.encoding)[np.newaxis])


def test_what_is_no_adpcm_has_no_such_codec():
    with pytest.raises(ValueError, match="alaw"):
        adpcm.decoder(Encoding.ALAW)
    with pytest.raises(ValueError, match="stream"):
        companding.decode_array(np.zeros((2, 4), np.uint8), Encoding.IMA_ADPCM)
    with pytest.raises(ValueError, match="whole number"):
        _ = Encoding.IMA_ADPCM.width
