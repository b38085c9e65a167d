"""What modems say of themselves, of callers and of failed calls (reference: transcripts of real modems)."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hal.at import Reply
from hal.audio.sound import Encoding
from hal.errors import (
    Busy,
    Congestion,
    LineFault,
    ModemError,
    NoAnswer,
    NoDialTone,
    RefusedAtOnce,
    Rejected,
)
from hal.v253 import callerid
from hal.v253.compression import Compression, choose
from hal.v253.models import IS101, MODELS, V253, Dialect, identify
from hal.v253.number import dial_string
from hal.v253.results import cause_of, failure

ISDN4LINUX = [
    "2;ADPCM;2;0;(8000)",
    "3;ADPCM;3;0;(8000)",
    "4;ADPCM;4;0;(8000)",
    "5;ALAW;8;0;(8000)",
    "6;ULAW;8;0;(8000)",
]
CONEXANT = [
    '1,"UNSIGNED PCM",8,0,8000,0,0',
    '129,"IMA ADPCM",4,0,8000,0,0',
    '130,"UNSIGNED PCM",8,0,8000,0,0',
    '140,"2 Bit ADPCM",2,0,8000,0,0',
]
CX93001_V2013 = [  # NCID's log of a CX93001-EIS_V0.2013-V92
    '0,"SIGNED PCM",8,0,8000,0,0',
    '1,"UNSIGNED PCM",8,0,8000,0,0',
    '129,"IMA ADPCM",4,0,8000,0,0',
    '130,"UNSIGNED PCM",8,0,8000,0,0',
    '131,"Mu-Law",8,0,8000,0,0',
    '132,"A-Law",8,0,8000,0,0',
    '133,"14 bit PCM",14,0,8000,0,0',
]
LUCENT = [  # mgetty, README.lucent; NCID's log of a USR 5637 has the same
    '128,"8-BIT LINEAR",(7200,8000,11025)',
    '129,"16-BIT LINEAR",(7200,8000,11025)',
    '130,"8-BIT ALAW",(8000)',
    '131,"8-BIT ULAW",(8000)',
    '132,"IMA ADPCM",(7200,8000,11025)',
]
ZYXEL_2864 = [
    "2;ADPCM;2;0;(7200,8000,9600,11025)",
    "3;ADPCM;3;0;(7200-11025)",
    "4;ADPCM;4;0;(8000)",
    "30;ADPCM;3;0;(9600)",
]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (ISDN4LINUX, Compression(5, Encoding.ALAW)),
        (CONEXANT, Compression(130, Encoding.U8)),
        (['128,"8-BIT LINEAR",8,0,(7200-8000,11025),(127-129),(0-50)'], Compression(128, Encoding.U8)),
        (['+VSM: 4,"Mu-Law",8,0,8000,0,0', '1,"UNSIGNED PCM",8,0,8000'], Compression(4, Encoding.ULAW)),
        (['131,"ULAW",8,0,8000,0,0', '132,"A-Law",8,0,8000,0,0'], Compression(132, Encoding.ALAW)),
        (CX93001_V2013, Compression(132, Encoding.ALAW)),
        (LUCENT, Compression(130, Encoding.ALAW)),
        (['+VSM:128, "8-BIT LINEAR", (7200-11025)'], Compression(128, Encoding.U8)),
        (["128;'LINEAR';8;0;[8000]"], Compression(128, Encoding.U8)),
        (['0,"SIGNED PCM",8,0,8000,0,0'], Compression(0, Encoding.S8)),
        (['129,"IMA ADPCM",4,0,8000,0,0', '140,"2 Bit ADPCM",2,0,8000,0,0'], Compression(129, Encoding.IMA_ADPCM)),
        (['132,"IMA ADPCM",(7200,8000,11025)'], Compression(132, Encoding.IMA_ADPCM)),
        (['4,"G.711U",8,0,8000', '3,"G.729A",8,0,8000'], Compression(4, Encoding.ULAW)),
    ],
)
def test_the_best_codec_is_read_from_the_modems_own_list(lines: list[str], expected: Compression) -> None:
    assert choose(lines) == expected


@pytest.mark.parametrize(
    "lines",
    [
        [],
        ["1;CELP;1;0;(9600)", "2;ADPCM;2;0;(9600)"],
        ['132,"ADPCM/AQ",2,40,(7200),(128),(0-50)'],
        ['5,"ALAW",8,0,(7200,11025),0,0'],
        ['128,"SIGNED PCM",12,0,(8000),0,0'],
        ["OK", ";;;;", '"",,,,', "5"],
    ],
)
def test_no_codec_that_can_be_used_is_said_so(lines: list[str]) -> None:
    with pytest.raises(ModemError, match="no codec"):
        choose(lines)


def test_adpcm_without_a_maker_counts_only_where_the_model_says_whose_it_is() -> None:
    assert choose(ZYXEL_2864, adpcm="zyxel") == Compression(4, Encoding.ZYXEL_ADPCM_4)
    assert choose(ISDN4LINUX[:2], adpcm="isdn4linux") == Compression(3, Encoding.ISDN_ADPCM_3)
    assert choose(ISDN4LINUX, adpcm="isdn4linux") == Compression(5, Encoding.ALAW), "never ADPCM where there is better"
    with pytest.raises(ModemError, match="no codec"):
        choose(ZYXEL_2864)


def test_a_codec_that_the_port_cannot_carry_is_not_chosen() -> None:
    assert choose(CX93001_V2013, bps=80_000) == Compression(132, Encoding.ALAW)
    assert choose(CX93001_V2013, bps=57_600) == Compression(129, Encoding.IMA_ADPCM)
    with pytest.raises(ModemError, match="57600 bit/s are too few for audio, which needs 80000"):
        choose(['1,"UNSIGNED PCM",8,0,8000,0,0'], bps=57_600)


@settings(deadline=None, derandomize=True)
@given(st.lists(st.text(alphabet='0123456789,;()[]"-ADPCMLW ', max_size=40), max_size=5))
def test_any_list_gives_a_codec_or_one_error(lines: list[str]) -> None:
    try:
        choose(lines)
    except ModemError:
        pass


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("RING", callerid.Ring()),
        ("RING 1", callerid.Ring()),
        ("RING A", callerid.Ring()),
        ("RING/4711", callerid.Ring(called="4711")),
        ("RING;03012345;4711", callerid.Ring("03012345", "4711")),
        ("RING: 04 DN4711 5551234", callerid.Ring("5551234", "4711")),
        ("RING;03012345", callerid.Ring("03012345")),
        ("RINGING", None),
        ("RUNG", callerid.RingEnded()),
        ("NMBR = 03012345", callerid.CallerId("03012345")),
        ("NMBR=07712345678", callerid.CallerId("07712345678")),
        ("NMBR = P", callerid.CallerId("")),
        ("NMBR = O", callerid.CallerId("")),
        ("DDN_NMBR=0301234", callerid.CallerId("0301234")),
        ("CALLER NUMBER: 03012345", callerid.CallerId("03012345")),
        ("CALLER NUMBER: 0", callerid.CallerId("")),
        ("CALLED NUMBER: 4711", callerid.CallerId(called="4711")),
        ("NDID=4711", callerid.CallerId(called="4711")),
        ("FM:03012345 TO:4711", callerid.CallerId("03012345", "4711")),
        ("FM: 03012345/12/ TO: 4711", callerid.CallerId("03012345", "4711")),
        ('+CLIP: "+4930123",145,,,,0', callerid.CallerId("+4930123")),
        ("030-123 45", None),
        ("03012345", callerid.CallerId("03012345", bare=True)),
        ("CallerID: 030 123-45", callerid.CallerId("03012345")),
        ("RING 1234", callerid.Ring("1234")),
        ("RING 03012345", callerid.Ring("03012345")),
        ("TO:4711", callerid.CallerId(called="4711")),
        ("FM: ", callerid.CallerId("")),
        ("NBR=0381234", callerid.CallerId("0381234")),
        ("DDN_NMBR= 0301234", callerid.CallerId("0301234")),
        ("CALLER'S NUMBER: 74951234567", callerid.CallerId("74951234567")),
        ("REASON FOR NO CALLER NUMBER: PRIVATE", callerid.CallerId("")),
        ("NMBR = PRIVATE", callerid.CallerId("")),
        ("NMBR=", callerid.CallerId("")),
        ("NMBR = +49 30 123-45", callerid.CallerId("+493012345")),
        ("NMBR = " + 20 * "1", callerid.CallerId(20 * "1")),
        ("NMBR = " + 21 * "1", callerid.CallerId("")),
        ("NMBR = " + 4000 * "1", callerid.CallerId("")),
        ("NMBR = 030;ATD0190", callerid.CallerId("")),
        ('+CLIP: "",128', callerid.CallerId("")),
        ("MESG = 030735353531323132", callerid.CallerId("5551212")),
        ("MESG=80160108313132323132303002083033303132333435070000", callerid.CallerId("03012345")),
        ("MESG = 800D01083131323231323030040150", callerid.CallerId("")),
        ("MESG = 041031313231323230303033303132333435AB", callerid.CallerId("03012345")),
        ("MESG = 0409313132313232303050", callerid.CallerId("")),
        ("MESG = 06", callerid.Detail()),
        ("MESG = 0612345", callerid.Detail()),
        ("DATE = 1003", callerid.Detail()),
        ("TIME=2211", callerid.Detail()),
        ("NAME = ALICE", callerid.Detail()),
        ("CALLER NAME: ALICE", callerid.Detail()),
        ("Diverting number: 0301234", callerid.Detail()),
        ("CIDM", callerid.Detail()),
        ("DRON=12", None),
        ("DROF = 40", None),
        ("MSG_WAITING=ON", None),
        ("NAMES", None),
    ],
)
def test_every_form_of_ring_and_caller_id_is_read(line: str, expected: object) -> None:
    assert callerid.parse(line) == expected


@settings(deadline=None, derandomize=True)
@given(
    st.one_of(
        st.text(max_size=60),
        st.text(alphabet="0123456789ABCDEF ", max_size=40).map(lambda hexa: f"MESG = {hexa}"),
        st.tuples(st.sampled_from(["RING ", "RING;", "FM:", "TO:", "NMBR=", "+CLIP: "]), st.text(max_size=40)).map(
            "".join
        ),
    )
)
def test_any_line_is_read_or_left_and_every_number_could_be_one(line: str) -> None:
    event = callerid.parse(line)
    for number in (getattr(event, "caller", None), getattr(event, "called", None)):
        assert not number or re.fullmatch(r"\+?[0-9*#]{1,20}", number)


@pytest.mark.parametrize(
    ("code", "detail", "after_s", "expected"),
    [
        ("BUSY", "E0011", 5.0, Busy),
        ("BUSY", "", 5.0, Busy),
        ("BUSY", "E0012", 9.0, Rejected),
        ("BUSY", "E0013", 9.0, NoAnswer),
        ("BUSY", "E0215", 1.0, Rejected),
        ("BUSY", "E0001", 1.0, Rejected),
        *(("BUSY", f"E02{cause:02X}", 1.0, Congestion) for cause in (34, 38, 41, 42, 44, 47)),
        ("BUSY", "E0066", 1.0, LineFault),
        ("NO CARRIER", "", 1.9, RefusedAtOnce),
        ("NO CARRIER", "E0011", 1.9, RefusedAtOnce),
        ("NO CARRIER", "", 2.1, Rejected),
        ("NO CARRIER", "0022", 5.0, Congestion),
        ("NO ANSWER", "", 50.0, NoAnswer),
        ("NO DIALTONE", "", 1.0, NoDialTone),
        ("ERROR", "", 0.1, ModemError),
        ("NO MSN/EAZ", "", 0.1, ModemError),
    ],
)
def test_each_result_says_whose_fault_it_was(code: str, detail: str, after_s: float, expected: type) -> None:
    assert type(failure(Reply("ATD1", code, detail), after_s)) is expected


def test_causes_are_hexadecimal_behind_the_location() -> None:
    assert [cause_of(text) for text in ("E0011", "0011", "E0091", "0000", "", "11", "x")] == [
        17,
        17,
        17,
        None,
        None,
        None,
        None,
    ]


@pytest.mark.parametrize(
    ("identity", "name", "dialect"),
    [
        ("Linux ISDN", "isdn4linux", Dialect.IS101),
        ("56000\nCX93001-EIS_V0.2002-V92\nCONEXANT", "conexant", Dialect.V253),
        ("5601\nU.S. Robotics 56K FAX USB V1.2.23", "usr5637", Dialect.V253),
        ("2493\nC\nSILABS\nSI2493", "si24xx", Dialect.V253),
        ("56000", "conexant56k", Dialect.V253),
        ("ZOOM V.90 kfav163 Serial s73198V -L Z207\n018F", "lucent", Dialect.V253),
        ("MT5634ZPX\nV.92", "multitech", Dialect.V253),
        ("LT V.90 1.0 MT5634ZBAV Serial Data/Fax/Voice Modem Version 4.09a", "multitech", Dialect.V253),
        ("56000\nCL-MD56xx", "cirrus", Dialect.V253),
        ("ELSA MicroLink 56k Fun", "elsa", Dialect.V253),
        ("28642", "zyxel2864", Dialect.IS101),
        ("1496", "zyxel1496", Dialect.IS101),
        ("Omni 56K Plus", "zyxel-omni", Dialect.IS101),
        ("2886", "v253", Dialect.V253),
        ("", "v253", Dialect.V253),
    ],
)
def test_models_are_told_by_what_they_say(identity: str, name: str, dialect: Dialect) -> None:
    model = identify(identity)
    assert (model.name, model.dialect) == (name, dialect)


def test_a_configured_model_counts_and_an_unknown_one_is_an_error() -> None:
    assert identify("Linux ISDN", "zoom3095").stubborn_end
    with pytest.raises(ValueError, match="no model 'foo'"):
        identify("", "foo")


def test_every_row_of_the_table_has_its_source() -> None:
    assert all(model.source.startswith(("Dialogue: ", "Program: ", "Manual: ")) for model in (*MODELS, V253, IS101))
    assert len({model.name for model in MODELS}) == len(MODELS)


@pytest.mark.parametrize(
    ("number", "country", "dialled"),
    [
        ("+4930123", "DE", "030123"),
        ("+4930123", "FR", "004930123"),
        ("+4930123", "US", "0114930123"),
        ("+12125551234", "US", "12125551234"),
        ("+4930123", "XX", "004930123"),
        ("030123", "DE", "030123"),
        ("*31#030123", "de", "*31#030123"),
    ],
)
def test_a_plus_is_dialled_as_the_country_does(number: str, country: str, dialled: str) -> None:
    assert dial_string(number, country) == dialled
