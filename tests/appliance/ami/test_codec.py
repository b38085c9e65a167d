"""Frames from bytes: whole, byte by byte, broken, hostile."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.ami.codec import FRAME_LIMIT, LINE_LIMIT, Decoder, encode, login_key

BANNER = b"Asterisk Call Manager/11.0.0\r\n"
HANGUP = b"Event: Hangup\r\nPrivilege: call,all\r\nUniqueid: 1.1\r\nCause: 16\r\nCause-txt: Normal Clearing\r\n\r\n"
SUCCESS = b"Response: Success\r\nActionID: 7\r\nMessage: Authentication accepted\r\n\r\n"


def test_banner_response_event() -> None:
    decoder = Decoder()
    response, event = decoder.feed(BANNER + SUCCESS + HANGUP)
    assert decoder.banner == "Asterisk Call Manager/11.0.0"
    assert (response.kind, response.name, response.get("actionid")) == ("response", "Success", "7")
    assert (event.kind, event.name, event.get("cause-txt")) == ("event", "Hangup", "Normal Clearing")
    assert decoder.broken == 0


def test_byte_by_byte_is_the_same() -> None:
    decoder = Decoder()
    found = [frame for byte in BANNER + SUCCESS + HANGUP for frame in decoder.feed(bytes([byte]))]
    assert found == Decoder().feed(BANNER + SUCCESS + HANGUP)


def test_an_event_with_a_response_in_it_is_an_event() -> None:
    (event,) = Decoder().feed(b"Event: OriginateResponse\r\nResponse: Failure\r\n\r\n")
    assert (event.kind, event.name) == ("event", "OriginateResponse")


def test_values_keep_colons_and_may_be_empty() -> None:
    (event,) = Decoder().feed(b"Event: X\r\nAppData: a: b:c\r\nAccountCode: \r\nExten:\r\n\r\n")
    assert (event.get("appdata"), event.get("accountcode"), event.get("exten")) == ("a: b:c", "", "")


@pytest.mark.parametrize(
    "broken",
    [
        b"no colon in here\r\n\r\n",
        b"Event: Newchannel\r\nno colon\r\nUniqueid: 5\r\n\r\n",
        b"Uniqueid: 5\r\nChannel: x\r\n\r\n",
        b"Event: Newchannel\r\nUniqueid: " + b"9" * LINE_LIMIT + b"\r\nChannel: x\r\n\r\n",
        b"Event: Newchannel\r\n" + b"".join(b"H%d: x\r\n" % n for n in range(FRAME_LIMIT + 1)) + b"\r\n",
        b"Event: Newchannel\r\nUniqueid: 5\r\nChan",  # cut; what follows begins a new event in the middle of the line
    ],
)
def test_a_broken_frame_is_dropped_and_counted_and_the_next_but_one_is_whole(broken: bytes) -> None:
    for size in (1, 7, 100_000):
        decoder, data = Decoder(), broken + HANGUP + HANGUP
        found = [frame for at in range(0, len(data), size) for frame in decoder.feed(data[at : at + size])]
        assert all(frame.name == "Hangup" for frame in found)
        assert found[-1] == Decoder().feed(HANGUP)[0]
        assert decoder.broken >= 1


def test_a_lost_empty_line_costs_the_frame_before_it() -> None:
    decoder = Decoder()
    (event,) = decoder.feed(b"Event: Newchannel\r\nUniqueid: 5\r\n" + HANGUP)
    assert (event.name, event.get("uniqueid"), decoder.broken) == ("Hangup", "1.1", 1)


@settings(deadline=None, derandomize=True)
@given(st.lists(st.binary(max_size=200), max_size=20))
def test_any_bytes_do_no_harm_and_the_line_recovers(pieces: list[bytes]) -> None:
    decoder = Decoder()
    for piece in pieces:
        decoder.feed(piece)
    assert decoder.feed(b"\r\n\r\n" + HANGUP)[-1] == Decoder().feed(HANGUP)[0]


def test_memory_is_bounded() -> None:
    decoder = Decoder()
    for _ in range(1000):
        assert decoder.feed(b"x" * 10_000) == []
        assert len(decoder._rest) < LINE_LIMIT
    for n in range(10_000):
        decoder.feed(b"Name%d: value\r\n" % n)
    assert decoder._frame is not None
    assert len(decoder._frame) <= FRAME_LIMIT
    assert decoder.feed(b"\r\n" + HANGUP)[0].name == "Hangup"


def test_actions() -> None:
    assert encode("Ping", {}, "3") == b"Action: Ping\r\nActionID: 3\r\n\r\n"
    assert encode("Events", {"EventMask": "call,agent"}, "4") == (
        b"Action: Events\r\nActionID: 4\r\nEventMask: call,agent\r\n\r\n"
    )


@pytest.mark.parametrize("value", ["a\r\nAction: Originate", "a\nb", "a\rb", "a\0b"])
def test_no_header_can_be_smuggled_in_and_the_error_does_not_tell_the_value(value: str) -> None:
    with pytest.raises(ValueError) as failure:
        encode("Login", {"Secret": value}, "1")
    assert value not in str(failure.value)


def test_the_key_is_md5_over_challenge_and_secret() -> None:
    assert login_key("840415273", "hidden") == hashlib.md5(b"840415273hidden").hexdigest()
