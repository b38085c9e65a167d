"""What modems say by themselves, in the forms that real ones use."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hal.gsm.reports import (
    UNSOLICITED,
    AudioFlow,
    Caller,
    Connected,
    Ended,
    Key,
    Leg,
    LegState,
    MemoryFull,
    Missed,
    Registration,
    Restarted,
    Ring,
    Stored,
    parse,
)


@pytest.mark.parametrize(
    ("line", "report"),
    [
        ("RING", Ring()),
        ("+CRING: VOICE", Ring()),
        ('+CLIP: "+1234567890",145,,,,0', Caller("+1234567890")),
        ('+CLIP: "49301234",145,"",0,"",0', Caller("+49301234")),
        ('+CLIP: "",128,,,,1', Caller(None)),
        ('+CLIP: "anonymous",128', Caller(None)),
        ('+CLCC: 1,0,2,0,0,"03012345",129,""', Leg(1, True, LegState.DIALLING, "03012345")),
        ('+CLCC: 1,1,4,0,0,"+4930",145', Leg(1, False, LegState.INCOMING, "+4930")),
        ('+CLCC: 2,0,6,0,0,"1",129,"a,b",0,0', Leg(2, True, LegState.RELEASED, "1")),
        ("+CLCC: 1,0,0,0,0", Leg(1, True, LegState.ACTIVE)),
        ('+CLCC: 3,0,0,1,0,"",128', None),  # Quectel's packet connection
        ("+CLCC: 1,0", None),
        ("^DSCI: 4,1,3,0,+491511,145", Leg(4, False, LegState.ACTIVE, "+491511")),
        ("^DSCI: 3,0,6,0,1234,129", Leg(3, True, LegState.RELEASED, "1234")),
        ("^DSCI: 3,0,7,0,1234,129", Leg(3, True, LegState.ALERTING, "1234")),
        ('+QIND: "ccinfo",2,0,3,0,0,"1234",129', Leg(2, True, LegState.ALERTING, "1234")),
        ('+QIND: "ccinfo",2,0,-1,0,0,"1234",129', Leg(2, True, LegState.RELEASED, "1234")),
        ('+QIND: "csq",21,99', None),
        ("^ORIG:1,0", Leg(1, True, LegState.DIALLING)),
        ("^CONF:1", Leg(1, True, LegState.ALERTING)),
        ("^CONN:1,0", Connected()),
        ("VOICE CALL: BEGIN", Connected()),
        ("VOICE CALL: END: 000041", Ended()),
        ("VOICE CALL: END", Ended()),
        ("^CEND:1,0,104,16", Ended(cause=16)),
        ("^CEND:1", Ended()),
        ("^CEND:1,0,104,999", Ended()),
        ("MISSED_CALL: 11:01AM 07712345", Missed()),
        ("NO CARRIER", Ended("NO CARRIER")),
        ("BUSY", Ended("BUSY")),
        ("NO ANSWER", Ended("NO ANSWER")),
        ("NO DIALTONE", Ended("NO DIALTONE")),
        ("+RXDTMF: 4", Key("4")),
        ("+DTMF:#", Key("#")),
        ("^DDTMF: *", Key("*")),
        ("+DTMF: a", Key("A")),
        ("+QTONEDET: 56", Key("8")),
        ("+QTONEDET: 35", Key("#")),
        ("+RXDTMF: 42", None),
        ("+RXDTMF:", None),
        ('+CMTI: "SM",3', Stored(3)),
        ('+CMTI: "SM",-1', None),
        ('+CDSI: "ME",0', Stored(0)),
        ("+CREG: 1", Registration(False, 1)),
        ("+CREG: 2,5", Registration(False, 5)),
        ('+CREG: 1,"1A2B","00C3",7', Registration(False, 1)),
        ('+CREG: 5,"1234","0043"', Registration(False, 5)),
        ('+CEREG: 2,1,"1A2B","00C3",7', Registration(True, 1)),
        ("RDY", Restarted()),
        ("*ATREADY: 1", Restarted()),
        ("^BOOT:12345,0,0,0,75", None),
        ("+QPCMV: 0,0", AudioFlow(ready=False)),
        ("+QPCMV: 1,0", AudioFlow(ready=True)),
        ("+QPCMV: 1,2", None),
        ('^SMMEMFULL: "SM"', MemoryFull()),
        ("^RSSI:21", None),
        ("RINGING", None),
        ("", None),
    ],
)
def test_lines(line, report):
    assert parse(line) == report


@settings(deadline=None, derandomize=True)
@given(st.one_of(st.text(max_size=40), st.tuples(st.sampled_from(UNSOLICITED), st.text(max_size=30)).map("".join)))
def test_no_line_upsets_it(line):
    parse(line)
