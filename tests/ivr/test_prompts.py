"""The phrases: complete in every language, properly spoken, rendered once."""

import asyncio
import datetime as dt
import json
import string

import pytest

from hal.audio import companding
from hal.audio.sound import Encoding, Sound
from ivr import guide, inbound, mystate, playback, recording, settings
from ivr.prompts import Catalogue, PromptsMissing, available, espeak, fast, load
from ivr.prompts.store import file_name, read_index, render_missing
from tests.ivr.village import SERVICE, catalogue, prompts


def gaps(phrase):
    forms = phrase.values() if isinstance(phrase, dict) else [phrase]
    return [sorted((name, kind) for _, name, kind, _ in string.Formatter().parse(form) if name) for form in forms]


def test_every_language_has_the_same_phrases_with_the_same_gaps():
    english = load("en")
    assert set(available()) >= {"en", "de"}
    for code in available():
        language = load(code)
        assert list(language.phrases) == list(english.phrases)
        for key, phrase in language.phrases.items():
            assert isinstance(phrase, dict) == isinstance(english.phrases[key], dict), key
            assert gaps(phrase)[-1] == gaps(english.phrases[key])[-1], key
        sizes = {name: len(words) for name, words in language.numbers.items()}
        assert sizes == {"to_99": 100, "hundreds": 9, "hundreds_and": 9, "thousands": 9, "thousands_and": 9}
        assert [len(language.dates[t]) for t in ("weekdays", "days", "months")] == [7, 31, 12]
        assert [len(language.times[t]) for t in ("hours", "minutes")] == [24, 60]


def test_every_phrase_is_used_and_every_phrase_used_is_there():
    import pathlib
    import re

    source = "".join(path.read_text() for path in pathlib.Path("ivr").rglob("*.py"))
    used = set(re.findall(r'"([a-z_0-9]+)"', source))
    assert set(load("en").phrases) - used == set()


def test_every_choice_of_every_menu_has_a_phrase_with_its_key():
    for module in (inbound, mystate, playback, recording, settings):
        for menu in vars(module).values():
            if isinstance(menu, guide.Menu):
                for choice in menu.choices:
                    for code in available():
                        assert "{key:key}" in load(code).phrases[choice.phrase]


@pytest.mark.parametrize(
    ("code", "n", "words"),
    [
        ("en", 0, "zero"),
        ("en", 21, "twenty-one"),
        ("en", 100, "one hundred"),
        ("en", 101, "one hundred and one"),
        ("en", 999, "nine hundred and ninety-nine"),
        ("en", 1000, "one thousand"),
        ("en", 1005, "one thousand and five"),
        ("en", 2345, "two thousand three hundred and forty-five"),
        ("en", 10000, "one zero zero zero zero"),
        ("de", 1, "eins"),
        ("de", 17, "siebzehn"),
        ("de", 21, "einundzwanzig"),
        ("de", 66, "sechsundsechzig"),
        ("de", 101, "einhundert eins"),
        ("de", 721, "siebenhundert einundzwanzig"),
        ("de", 1999, "eintausend neunhundert neunundneunzig"),
    ],
)
def test_cardinal_numbers(code, n, words):
    assert " ".join(load(code).number(n)) == words


def test_every_number_is_another_row_of_clips():
    for code in available():
        language = load(code)
        spoken = [tuple(language.number(n)) for n in range(10_000)]
        assert len(set(spoken)) == 10_000
        assert {word for words in spoken for word in words} <= set(language.texts())


def test_a_negative_number_is_refused():
    with pytest.raises(ValueError, match="below zero"):
        load("en").number(-1)


WHEN = dt.datetime(2026, 3, 1, 1, 0, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("code", "when", "date", "time"),
    [
        ("en", WHEN, "Sunday, the first of March", "one hundred hours U T C"),
        ("de", WHEN, "Sonntag, dem ersten März", "ein Uhr U T C"),
        ("en", WHEN.replace(day=22, hour=14, minute=5), "Sunday, the twenty-second of March", "fourteen oh five U T C"),
        (
            "de",
            WHEN.replace(day=21, hour=21, minute=21),
            "Samstag, dem einundzwanzigsten März",
            "einundzwanzig Uhr einundzwanzig U T C",
        ),
    ],
)
def test_dates_and_times(code, when, date, time):
    assert " ".join(load(code).date(when)) == date
    assert " ".join(load(code).time(when)) == time


def test_local_time_is_said_to_be_local():
    berlin = dt.timezone(dt.timedelta(hours=1))
    assert load("en").time(WHEN.astimezone(berlin))[-1] == "local time"


def test_every_day_and_minute_of_a_year_can_be_spoken():
    for code in available():
        texts = set(load(code).texts())
        for day in range(366):
            when = WHEN + dt.timedelta(days=day, minutes=day * 7)
            assert set(load(code).date(when) + load(code).time(when)) <= texts


def test_one_and_many():
    english = catalogue()("en")
    captions = [" ".join(s.caption for s in english.say("new_messages", n=n) if s.caption) for n in (0, 1, 21)]
    assert captions == [
        "There are zero new messages.",
        "There is one new message.",
        "There are twenty-one new messages.",
    ]


def test_a_recorded_name_wins_over_the_rendered_one_and_digits_stand_in_for_neither():
    english = catalogue()("en")
    recorded = Sound(b"\x55" * 800)
    assert english.name("Alpha CSIRT", "1001", recorded)[0].data == recorded.data
    assert [s.caption for s in english.name("Alpha CSIRT", "1001")] == ["Alpha CSIRT"]
    assert [s.caption for s in english.name("Never Rendered", "1207")] == ["team", "one", "two", "zero", "seven"]


def test_a_service_that_was_never_rendered_has_a_general_name():
    english = catalogue()("en")
    assert english.service(SERVICE)[0].caption == SERVICE
    assert english.service("Other")[0].caption == "alert service"


def test_unknown_phrases_and_missing_values_are_key_errors():
    english = catalogue()("en")
    with pytest.raises(KeyError):
        english.say("no_such_phrase")
    with pytest.raises(KeyError):
        english.say("alert_from")
    with pytest.raises(KeyError):
        english.say("login_ok", team="A text without a clip")


# --- clips on disk


def test_captions_of_quick_clips_come_from_the_audio():
    index = {}
    for code in available():
        for file, caption in read_index(prompts() / code).items():
            data = (prompts() / code / file).read_bytes()
            assert 1200 <= len(data) <= 2400
            index[data] = caption
            assert caption
    heads = {data[:100] for data in index}
    assert len(heads) == len(index) > 600
    everything = b"".join(index)
    assert all(everything.count(head) == 1 for head in heads)


def test_quick_clips_have_nothing_of_a_key():
    from hal.audio.dtmf import DtmfDetector

    detector = DtmfDetector(channels=1)
    pause = Sound.pause(0.05).data
    english = load("en")
    stream = b"".join(fast.render(english, text) + pause for text in english.texts())
    assert detector.feed(companding.decode(stream, Encoding.ALAW)) == []


def test_rendering_twice_renders_once(tmp_path):
    language = load("en")
    assert render_missing(tmp_path, language, ["one", "two"], "fast") == 2
    written = (tmp_path / "en" / file_name(language, "one", "fast")).stat().st_mtime_ns
    assert render_missing(tmp_path, language, ["one", "two"], "fast") == 0
    assert (tmp_path / "en" / file_name(language, "one", "fast")).stat().st_mtime_ns == written
    assert sorted(json.loads((tmp_path / "en" / "index.json").read_text()).values()) == ["one", "two"]


def test_names_stay_and_clips_of_another_renderer_go(tmp_path):
    language = load("en")
    render_missing(tmp_path, language, ["one", "A Name"], "fast")
    (tmp_path / "en" / "stale.alaw").write_bytes(b"x")
    render_missing(tmp_path, language, ["one"], "fast")
    assert sorted(read_index(tmp_path / "en").values()) == ["A Name", "one"]
    assert not (tmp_path / "en" / "stale.alaw").exists()


def test_an_incomplete_catalogue_says_how_to_render_it(tmp_path):
    with pytest.raises(PromptsMissing, match=r"python -m ivr\.prompts --out"):
        Catalogue.open(tmp_path)


def test_names_are_rendered_when_a_roster_comes_and_kept(tmp_path):
    for code in ("en", "de"):
        render_missing(tmp_path, load(code), load(code).texts(), "fast")

    async def scene():
        opened = Catalogue.open(tmp_path)
        assert await opened.prepare(["New Team", "", "New Team"]) == []
        assert [s.caption for s in opened("de").name("New Team", "1")] == ["New Team"]
        assert "New Team" in Catalogue.open(tmp_path)("en")

    asyncio.run(scene())


def test_without_espeak_names_are_spelt(tmp_path, monkeypatch):
    for code in ("en", "de"):
        render_missing(tmp_path, load(code), load(code).texts(), "fast")
    (tmp_path / "renderer").write_text("espeak-ng")
    monkeypatch.setenv("PATH", "/nowhere")

    async def scene():
        opened = Catalogue.open(tmp_path)
        assert await opened.prepare(["New Team"]) == ["New Team"]
        assert opened("en").name("New Team", "12")[-1].caption == "two"

    asyncio.run(scene())


# --- real speech


@pytest.mark.skipif(not espeak.available(), reason="needs espeak-ng")
def test_speech_has_the_telephones_band_and_level():
    import numpy as np

    text = "Please speak after the tone, at most two minutes."
    data = espeak.render(load("en"), text)
    samples = companding.decode(data, Encoding.ALAW).astype(float)
    speech = samples[: -round(0.3 * 8000)]
    assert not samples[-2000:].any() or abs(samples[-2000:]).max() <= 8
    frames = speech[: len(speech) // 160 * 160].reshape(-1, 160)
    levels = np.sqrt((frames**2).mean(axis=1))
    active = np.sqrt((levels[levels > 0.1 * levels.max()] ** 2).mean())
    assert 20 * np.log10(active / 32768 * 2**0.5) + 3.14 == pytest.approx(-16, abs=1.0)
    spectrum = np.abs(np.fft.rfft(speech)) ** 2
    hertz = np.fft.rfftfreq(len(speech), 1 / 8000)
    outside = spectrum[(hertz < 200) | (hertz > 3600)].sum() / spectrum.sum()
    assert outside < 0.005
    assert levels[:4].max() > 0.01 * levels.max()


@pytest.mark.skipif(not espeak.available(), reason="needs espeak-ng")
def test_speech_lasts_as_long_as_people_need():
    assert 1.0 < len(espeak.render(load("de"), "Willkommen bei der")) / 8000 + 0.5 < 3.0
    assert len(espeak.render(load("de"), "einundzwanzig")) / 8000 < 1.6


def test_a_text_that_cannot_be_spoken_says_so(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(espeak.EspeakMissing):
        espeak.render(load("en"), "hello")


def test_the_voice_is_told_how_to_say_names_that_it_would_spell():
    assert "CSIRT" not in load("en").spoken("Alpha CSIRT")
    assert load("en").spoken("plain") == "plain"
