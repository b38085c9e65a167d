"""SMS PDUs against known vectors, real dumps, and anything at all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hal.gsm import alphabet, pdu
from hal.gsm.errors import PduError
from hal.gsm.fields import ALPHANUMERIC, Address, timestamp, validity_octet, validity_of
from hal.gsm.userdata import Coding, Concatenation, Element, UserData, coding_of

always = settings(deadline=None, derandomize=True)

# gammu tests/at-sms, as kept in the project's reference transcripts (12_sms_dumps.txt).
DUMP_02 = "0791361907001003B17A0C913619397750320000AD11CD701E340FB3C3F23CC81D0689C3BF"
DUMP_05 = "0791539111161616114F048123000000FF06D0B79BFE9E03"
DUMP_07 = "0791534850020200040C9153486507895500006090608164138004D4F29C0E"
DUMP_14 = "07919761989901F031000B919761084218F200F9FF12042204350441044200200054006500730074"


def test_a_stored_submit():
    message = pdu.decode(DUMP_02)
    assert isinstance(message, pdu.Submit)
    assert message.destination == Address("+639193770523", 0x91)
    assert message.user_data.text == "May salary na ba?"
    assert (message.reference, message.validity, message.status_report) == (0x7A, timedelta(days=7), True)
    assert message.service_centre == Address("+639170000130", 0x91)


def test_a_short_number_stays_short():
    message = pdu.decode(DUMP_05)
    assert isinstance(message, pdu.Submit)
    assert message.destination == Address("3200", 0x81)
    assert message.user_data.text == "Pontos"


def test_a_deliver_with_its_time_zone():
    message = pdu.decode(DUMP_07)
    assert isinstance(message, pdu.Deliver)
    assert message.sender == Address("+358456709855", 0x91)
    assert message.sent_at == datetime(2006, 9, 6, 18, 46, 31, tzinfo=timezone(timedelta(hours=2)))
    assert message.user_data.text == "Test"


def test_ucs2_behind_a_reserved_coding_scheme():
    message = pdu.decode(DUMP_14)
    assert isinstance(message, pdu.Submit)
    assert message.user_data.text == "Тест Test"


@pytest.mark.parametrize("dump", [DUMP_02, DUMP_05, DUMP_14])
def test_what_was_stored_encodes_to_fields_that_decode_alike(dump):
    message = pdu.decode(dump)
    assert isinstance(message, pdu.Submit)
    again, octets = message.encode()
    assert pdu.decode(again) == message
    assert octets == len(again) // 2 - 8


def test_known_deliver():
    message = pdu.decode("07911326040000F0040B911346610089F60000208062917314080CC8F71D14969741F977FD07")
    assert isinstance(message, pdu.Deliver)
    assert message.sender.text == "+31641600986"
    assert message.user_data.text == "How are you?"
    assert message.sent_at is not None
    assert message.sent_at.replace(tzinfo=None) == datetime(2002, 8, 26, 19, 37, 41)


def test_known_submit():
    message = pdu.Submit(Address.of("+46708251358"), UserData("hellohello"), timedelta(days=4))
    assert message.encode() == ("0011000B916407281553F80000AA0AE8329BFD4697D9EC37", 23)


def test_a_name_is_no_number():
    sender = Address("+49 alarm", ALPHANUMERIC)
    octets = bytes.fromhex("0004") + sender.encode() + bytes.fromhex("0000") + bytes(7) + bytes.fromhex("00")
    message = pdu.decode(octets)
    assert isinstance(message, pdu.Deliver)
    assert message.sender == sender
    assert message.sender.is_name
    assert message.sent_at is None  # seven zeroes are no moment


def test_status_report():
    octets = "000642" + "0C91947161325476" + "62112221436580" + "62112221537580" + "{:02X}"
    for status, delivery in (
        (0x00, "delivered"),
        (0x30, "trying"),
        (0x41, "failed"),
        (0x63, "failed"),
        (0x80, "failed"),
    ):
        report = pdu.decode(octets.format(status))
        assert isinstance(report, pdu.StatusReport)
        assert (report.reference, report.recipient.text) == (0x42, "+491716234567")
        assert report.delivery.value == delivery
        assert report.sent_at == datetime(2026, 11, 22, 12, 34, 56, tzinfo=timezone(timedelta(hours=2)))


def test_west_of_greenwich_the_offset_is_negative():
    stamp = timestamp(bytes.fromhex("6211222143650A"))  # sign bit and twenty quarters
    assert stamp is not None
    assert stamp.utcoffset() == -timedelta(hours=5)


def test_text_becomes_gsm_when_it_can_and_ucs2_when_it_must():
    assert [m.user_data.dcs for m in pdu.submit("+4915112345", "Straße ÄÖÜ [€]")] == [Coding.GSM7.value]
    assert [m.user_data.dcs for m in pdu.submit("+4915112345", "Żółć")] == [Coding.UCS2.value]


@pytest.mark.parametrize(
    ("text", "sizes"),
    [
        ("a" * 160, [160]),
        ("a" * 161, [153, 8]),
        ("€" * 80, [80]),
        ("€" * 81, [76, 5]),  # 76 pairs are 152 septets; the 153rd septet stays empty rather than split one
        ("a" * 152 + "€" * 5, [152, 5]),
        ("ж" * 70, [70]),
        ("ж" * 71, [67, 4]),
        ("😀" * 35, [35]),
        ("😀" * 36, [33, 3]),  # 33 pairs are 132 octets of 134
        ("", [0]),
    ],
)
def test_where_long_texts_are_cut(text, sizes):
    messages = pdu.submit("12345", text, reference=7)
    assert [len(m.user_data.text) for m in messages] == sizes
    assert "".join(m.user_data.text for m in messages) == text
    decoded = [pdu.decode(m.encode()[0]) for m in messages]
    assert decoded == list(messages)
    if len(sizes) > 1:
        assert [m.user_data.concatenation for m in messages] == [
            Concatenation(7, len(sizes), n) for n in range(1, len(sizes) + 1)
        ]


def test_a_wide_reference_costs_a_septet():
    messages = pdu.submit("12345", "a" * 161, reference=0x1234)
    assert [len(m.user_data.text) for m in messages] == [152, 9]
    assert messages[1].user_data.concatenation == Concatenation(0x1234, 2, 2)


def test_a_part_is_full_to_the_last_octet():
    for reference in (1, 0x100):
        first, _ = pdu.submit("12345", "a" * 161, reference=reference)
        user_data = bytes.fromhex(first.encode()[0])[-140:]
        assert user_data[0] == (5 if reference == 1 else 6)
        assert len(first.user_data.encode()) == 141


def test_unknown_header_elements_are_skipped_and_later_ones_win():
    header = (Element(0x24, b"\1"), Element(0x00, b"\1\2\1"), Element(0x70, b"xyz"), Element(0x08, b"\1\0\3\2"))
    message = pdu.decode(pdu.Submit(Address.of("1"), UserData("text", header=header)).encode()[0])
    assert message.user_data.text == "text"
    assert message.user_data.header == header
    assert message.user_data.concatenation == Concatenation(0x100, 3, 2)


@pytest.mark.parametrize("data", [b"\1\2\0", b"\1\2\3", b"\1\0\0", b"\1\2", b"\1\2\1\1"])
def test_impossible_concatenation_is_ignored(data):
    assert Concatenation.of((Element(0, data),)) is None


def test_a_header_whose_last_element_is_cut_short_is_ignored_but_not_the_text():
    user_data = bytes([0x07, 0x03, 0x00, 0x03, 0x01]) + b"abc"
    message = pdu.decode(bytes.fromhex("0041000181F10004") + user_data)
    assert message.user_data == UserData(b"abc", 0x04, ())


@pytest.mark.parametrize(
    ("dcs", "coding"),
    [
        (0x00, Coding.GSM7),
        (0x10, Coding.GSM7),
        (0x04, Coding.DATA),
        (0x08, Coding.UCS2),
        (0x18, Coding.UCS2),
        (0x0C, Coding.GSM7),
        (0x20, Coding.DATA),
        (0x84, Coding.GSM7),
        (0xC8, Coding.GSM7),
        (0xD0, Coding.GSM7),
        (0xE8, Coding.UCS2),
        (0xF0, Coding.GSM7),
        (0xF4, Coding.DATA),
    ],
)
def test_data_coding_schemes(dcs, coding):
    assert coding_of(dcs) is coding


@pytest.mark.parametrize("number", ["", "+", "12a", "1,2", "+49 151", "1" * 21, "²", "Alarm"])
def test_numbers_that_no_message_can_go_to(number):
    with pytest.raises(PduError):
        pdu.submit(number, "text")


def test_a_text_beyond_255_parts():
    with pytest.raises(PduError):
        pdu.submit("1", "a" * (255 * 153 + 1))


def test_escapes_without_a_meaning():
    assert alphabet.decode([0x1B, 0x65]) == "€"
    assert alphabet.decode([0x1B, 0x41]) == "A"
    assert alphabet.decode([0x1B, 0x1B, 0x41]) == " A"
    assert alphabet.decode([0x41, 0x1B]) == "A "


def test_all_sixteen_bits_of_packing():
    assert alphabet.pack(alphabet.encode("hellohello")).hex() == "e8329bfd4697d9ec37"
    assert [len(alphabet.pack([0] * n)) for n in (0, 1, 7, 8, 9, 160)] == [0, 1, 7, 7, 8, 140]


def test_validity_rounds_up():
    for octet in range(256):
        assert validity_octet(validity_of(octet)) == octet
    assert validity_of(validity_octet(timedelta(minutes=6))) == timedelta(minutes=10)
    assert validity_octet(timedelta(days=10_000)) == 255


@always
@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_a_pdu_error(octets):
    try:
        pdu.decode(octets)
    except PduError:
        pass


@always
@given(st.binary(max_size=180), st.sampled_from([0x00, 0x01, 0x02, 0x40, 0x41, 0x11, 0x42]), st.integers(0, 255))
def test_any_bytes_behind_a_sound_beginning(octets, first, dcs):
    address = bytes.fromhex("0B911346610089F6")
    middle = {0: address, 1: b"\0" + address, 2: b"\0" + address}[first & 3]
    try:
        pdu.decode(b"\0" + bytes([first]) + middle + bytes([0, dcs]) + octets)
    except PduError:
        pass


@always
@given(st.text(max_size=40))
def test_any_line_of_text_is_a_message_or_a_pdu_error(line):
    try:
        pdu.decode(line)
    except PduError:
        pass


@always
@given(st.text(max_size=400), st.integers(0, 0xFFFF))
def test_every_text_comes_back_whole(text, reference):
    messages = pdu.submit("+4915112345678", text, reference=reference, validity=timedelta(hours=1), status_report=True)
    decoded = [pdu.decode(message.encode()[0]) for message in messages]
    expected = text.encode("utf-16-be", "replace").decode("utf-16-be")
    assert "".join(message.user_data.text for message in decoded) == expected
    for message in messages:
        assert len(message.user_data.encode()) <= 141


@always
@given(st.text(alphabet="a€[😀ж", min_size=60, max_size=400))
def test_no_part_ends_inside_a_pair(text):
    for message in pdu.submit("1", text, reference=1):
        octets = message.user_data.encode()
        decoded = pdu.decode(message.encode()[0]).user_data.text
        assert "\ufffd" not in decoded
        assert not decoded.endswith(" ")
        assert len(octets) <= 141


@always
@given(st.binary(max_size=134))
def test_eight_bit_data_comes_back(data):
    user_data = UserData(data, 0x04, (Concatenation(1, 1, 1).element(),))
    assert pdu.decode(pdu.Submit(Address.of("1"), user_data).encode()[0]).user_data == user_data


@always
@given(st.lists(st.integers(0, 127), max_size=170), st.integers(0, 6))
def test_packing_comes_back(septets, fill):
    assert alphabet.unpack(alphabet.pack(septets, fill), len(septets), fill) == septets


def test_utc_is_utc():
    assert timestamp(bytes.fromhex("62112221436500")) == datetime(2026, 11, 22, 12, 34, 56, tzinfo=UTC)
