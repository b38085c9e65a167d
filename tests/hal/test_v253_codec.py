"""The shielded stream: any bytes in any split, the styles of keys, and the merging of two detectors."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hal.v253.codec import REPORT_LIMIT, KeyMerger, KeyReader, Unshield, hang_up_reason, report, shield, stubborn


def unshield(pieces: list[bytes], *, connects: int = 0) -> tuple[bytes, list[int], bytes, bool]:
    codes: list[int] = []
    stream = Unshield(codes.append, connects=connects)
    audio = b"".join(stream.feed(piece) for piece in pieces)
    return audio, codes, stream.rest, stream.ended


SPLITS = st.lists(st.integers(0, 400), max_size=20)


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = sorted({min(place, len(data)) for place in places} | {0, len(data)})
    return [data[a:b] for a, b in itertools.pairwise(edges)]


DLE_RICH = st.lists(
    st.one_of(st.sampled_from([b"\x10", b"\x1a", b"\x03", b"\x10\x10", b"\x10X", b"\x10."]), st.binary(max_size=9))
).map(b"".join)


@settings(deadline=None, derandomize=True, max_examples=500)
@given(DLE_RICH, SPLITS)
def test_what_is_shielded_comes_back_whatever_it_is_and_however_it_is_cut(audio: bytes, places: list[int]) -> None:
    assert unshield(cut(shield(audio), places)) == (audio, [], b"", False)


@settings(deadline=None, derandomize=True, max_examples=500)
@given(DLE_RICH, SPLITS, st.integers(0, 1))
def test_any_bytes_give_the_same_in_any_split_and_never_fail(data: bytes, places: list[int], connects: int) -> None:
    assert unshield(cut(data, places), connects=connects) == unshield([data], connects=connects)


def test_an_oracle_written_byte_by_byte_agrees() -> None:
    data = (
        bytes((i * i * 7 + i) % 256 if i % 3 else 0x10 for i in range(5000))
        .replace(b"\x03", b"\x04")
        .replace(b"X", b"Y")
    )
    audio, codes, i = bytearray(), [], 0
    while i < len(data):
        if data[i] != 0x10:
            audio.append(data[i])
        elif i + 1 < len(data):
            i += 1
            if data[i] == 0x10:
                audio.append(0x10)
            elif data[i] == 0x1A:
                audio += b"\x10\x10"
            else:
                codes.append(data[i])
        i += 1
    assert unshield([data])[:2] == (bytes(audio), codes)


def test_codes_are_taken_out_and_the_end_leaves_the_rest_alone() -> None:
    data = b"ab\x105cd\x10\x1aef\x10b\x10\x10gh\x10\x03\x10\x14\r\nNO CARRIER\r\n"
    for size in (1, 2, 3, len(data)):
        pieces = [data[i : i + size] for i in range(0, len(data), size)]
        assert unshield(pieces) == (
            b"abcd\x10\x10ef\x10gh",
            [ord("5"), ord("b")],
            b"\x10\x14\r\nNO CARRIER\r\n",
            True,
        )


@pytest.mark.parametrize("size", [1, 4, 100])
@pytest.mark.parametrize(
    ("data", "audio"),
    [
        (b"\r\nCONNECT\r\n\xd5\xd5", b"\xd5\xd5"),
        (b"\r\nCONNEC\xd5", b"\r\nCONNEC\xd5"),
        (b"\xd5\r\nCONNECT\r\n", b"\xd5\r\nCONNECT\r\n"),
    ],
)
def test_a_second_connect_is_no_audio_and_what_only_looks_like_it_is(size: int, data: bytes, audio: bytes) -> None:
    pieces = [data[i : i + size] for i in range(0, len(data), size)]
    assert unshield(pieces, connects=1)[0] == audio


@pytest.mark.parametrize("size", [1, 3, 100])
def test_a_report_in_words_is_no_audio(size: int) -> None:
    data = b"ab\x10X\r\nNMBR=030\x10\x1012\r\n\x10.cd"
    assert unshield([data[i : i + size] for i in range(0, len(data), size)])[0] == b"abcd"


def test_a_report_without_an_end_silences_nobody() -> None:
    audio = bytes(range(0x20, 0x120 - 0x20)) * 3
    assert unshield([b"\x10X" + audio])[0] == audio[REPORT_LIMIT:]
    reader = KeyReader()
    reader.feed(ord("X"))
    assert "".join(key for _ in range(40) if (key := reader.feed(ord("5")))) == "5" * 8


def test_every_code_of_the_standards_has_one_meaning() -> None:
    """IS-101 and V.253: ends, keys and their framing, reports; the rest is timing, flow control and the frame of a report."""
    known = {chr(code) for code in range(32, 127) if hang_up_reason(code) or report(code)}
    assert known == set("aAbcdeEfhHiJKlLmopPqrstuvVwY$") - {"A"}
    assert not any(hang_up_reason(code) and report(code) for code in range(256))


def test_stubborn_codes_have_three_dle() -> None:
    assert stubborn(b"\x10\x18\x10\x03") == b"\x10\x10\x10\x18\x10\x10\x10\x03"


@pytest.mark.parametrize(
    ("codes", "keys"),
    [
        (b"5", "5"),
        (b"55", "55"),
        (b"/5~", "5"),
        (b"/555~/5~", "55"),
        (b"/5\x7f/#\x7f", "5#"),
        (b"bdlsq", ""),
        (b"X123.4", "4"),
        (b"/A~*", "A*"),
        (b"~~5/~6", "56"),
    ],
)
def test_every_style_of_keys_counts_each_key_once(codes: bytes, keys: str) -> None:
    reader = KeyReader()
    assert "".join(key for code in codes if (key := reader.feed(code))) == keys


def test_what_both_detectors_hear_was_pressed_once() -> None:
    merger = KeyMerger(0.25)
    assert merger.feed("own", "5", 10.0)
    assert not merger.feed("modem", "5", 10.05)
    assert merger.feed("modem", "5", 10.2)
    assert not merger.feed("own", "5", 10.3)
    assert merger.feed("own", "5", 10.4), "one that only one of them hears counts too"
    assert merger.feed("modem", "6", 10.45)
    assert merger.feed("modem", "5", 11.0), "too late to be the same"
    assert merger.feed("own", "1", 12.0)
    assert merger.feed("own", "1", 12.1), "the same detector twice is two keys"
    assert not merger.feed("modem", "1", 12.15)
    assert not merger.feed("modem", "1", 12.2)


def test_only_codes_of_a_hang_up_mean_a_hang_up() -> None:
    ends = {code for code in range(256) if hang_up_reason(code)}
    assert ends == set(b"bKdils\x14")
