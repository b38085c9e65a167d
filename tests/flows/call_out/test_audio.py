"""The called team's ear receives the samples that were spoken: one contiguous stretch, at most 100 ms lost at either end.

Bit for bit from an ISDN line to an ISDN line. Over the PCM of a radio modem the called ear still gets the samples that the
codec leaves exact; over an eight-bit analogue modem it gets them as near as eight bits can say, in one piece as well.
"""

from __future__ import annotations

import numpy as np

from hal.audio import companding
from hal.audio.playcopy import playback_copy
from hal.audio.sound import RATE, Encoding
from tests.support.box import CONFIG, GSM, ISDN, RADIO, Town, longest_common_stretch, samples_heard, speech
from tests.support.callees import ALPHA, BRAVO, Person, confirm, person

SPOKEN = speech(5.0, seed=7)
LOST = round(0.1 * RATE)
VOICE = """
[[device]]
name = "voice"
driver = "v253"
model = "conexant"
[[device.line]]
port = "{directory}/exchange/voice"
number = "4712"
direction = "out"
"""


def complete(ear: Person) -> None:
    assert samples_heard(SPOKEN.data, ear.heard) >= SPOKEN.samples - 2 * LOST


def test_isdn_to_isdn_bit_for_bit(play):
    async def story(town: Town) -> None:
        ear = person(town, BRAVO)
        await town.ended(await town.alert_from("alpha", SPOKEN))
        copy = playback_copy(SPOKEN)
        assert longest_common_stretch(copy.data, ear.heard) >= copy.samples - 2 * LOST
        complete(ear)

    play(story, members=(ALPHA, BRAVO))


def test_isdn_to_a_telephone_called_over_a_radio_modem(play):
    async def story(town: Town) -> None:
        ear = person(town, BRAVO)
        campaign = await town.ended(await confirm(town, SPOKEN))
        assert campaign.attempts[0].line == "gsm"
        complete(ear)

    play(story, members=(ALPHA, BRAVO), config=CONFIG + ISDN + RADIO)


def test_recorded_over_a_radio_modem_and_called_over_isdn(play):
    async def story(town: Town) -> None:
        ear = person(town, BRAVO)
        async with town.call_in("alpha", GSM) as call:
            await town.log_in(call, "alpha")
            alert = await town.send_alert(call, SPOKEN)
        campaign = await town.ended(alert)
        assert campaign.attempts[0].line.startswith("isdn")
        complete(ear)

    radio = RADIO.replace('direction = "out"', 'direction = "in"')
    play(story, members=(ALPHA, BRAVO), config=CONFIG + ISDN + radio)


def test_over_an_analogue_voice_modem_in_one_piece_and_as_near_as_eight_bits(play):
    async def story(town: Town) -> None:
        ear = person(town, BRAVO)
        campaign = await town.ended(await confirm(town, SPOKEN))
        assert campaign.attempts[0].line == "voice"
        assert campaign.reached["bravo"].heard_all

        spoken = companding.decode(SPOKEN.data, Encoding.ALAW).astype(float)[LOST:-LOST]
        heard = companding.decode(ear.heard, Encoding.ALAW).astype(float)
        size = 1 << (len(spoken) + len(heard)).bit_length()
        match = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(spoken, size)), size)
        lag = int(match[: len(heard) - len(spoken)].argmax())
        same = heard[lag : lag + len(spoken)]
        # One lag for the whole: the correlation of every 100 ms of it, not only of the sum.
        for begin in range(0, len(spoken) - LOST, LOST):
            one, other = spoken[begin : begin + LOST], same[begin : begin + LOST]
            assert one @ other / np.sqrt((one @ one) * (other @ other)) > 0.97

    play(story, members=(ALPHA, BRAVO), config=CONFIG + ISDN + VOICE)
