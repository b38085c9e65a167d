"""The AT engine without any I/O: framing, routing, and any bytes in any split."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hal.at import ANYTHING, CALL, Command, Engine, Finished, Prompted, Reply, Shielded, Unsolicited, parse_result
from hal.at.engine import RESPONSE_LIMIT
from hal.at.framing import LINE_LIMIT


def run(engine: Engine, data: bytes, size: int = 0) -> list[object]:
    if not size:
        return list(engine.feed(data))
    return list(itertools.chain.from_iterable(engine.feed(data[i : i + size]) for i in range(0, len(data), size)))


def ask(command: Command, data: bytes, *, size: int = 0) -> tuple[Reply | None, list[str]]:
    engine = Engine()
    engine.begin(command)
    events = run(engine, data, size)
    replies = [event.reply for event in events if isinstance(event, Finished)]
    assert len(replies) <= 1
    return (replies[0] if replies else None), [event.line for event in events if isinstance(event, Unsolicited)]


CSQ = Command("AT+CSQ", ("+CSQ:",))

DIALOGUES = {
    "plain": b"\r\n+CSQ: 20,99\r\n\r\nOK\r\n",
    "echo on": b"AT+CSQ\r\r\n+CSQ: 20,99\r\n\r\nOK\r\n",
    "double CR": b"\r\r\n+CSQ: 20,99\r\r\n\r\r\nOK\r\r\n",
    "only CR": b"\r+CSQ: 20,99\rOK\r",
    "only LF": b"\n+CSQ: 20,99\nOK\n",
    "blanks": b"\r\n+CSQ: 20,99  \r\n\r\n  OK \r\n",
    "glued echo": b"AT+CSQ+CSQ: 20,99\r\nOK\r\n",
}


@pytest.mark.parametrize("name", DIALOGUES)
@pytest.mark.parametrize("size", [0, 1, 2, 3])
def test_an_answer_is_understood_however_it_is_framed(name: str, size: int) -> None:
    reply, unsolicited = ask(CSQ, DIALOGUES[name], size=size)
    assert reply == Reply("AT+CSQ", "OK", "", ("+CSQ: 20,99",))
    assert unsolicited == []


@pytest.mark.parametrize("urc", [b"^RSSI:19", b"RING", b"+CRING: VOICE", b"NO CARRIER", b"BUSY", b"VCON"])
def test_an_unsolicited_line_between_any_two_bytes_of_line_ends_changes_nothing(urc: bytes) -> None:
    parts = [b"AT+CSQ\r", b"\r\n+CSQ: 20,99\r\n", b"\r\nOK\r\n"]
    for place in range(len(parts)):
        data = b"".join([*parts[:place], b"\r\n" + urc + b"\r\n", *parts[place:]])
        reply, unsolicited = ask(CSQ, data)
        assert reply == Reply("AT+CSQ", "OK", "", ("+CSQ: 20,99",)), data
        assert unsolicited == [urc.decode()]


def test_an_unsolicited_line_in_the_middle_of_the_echo_changes_nothing() -> None:
    for cut in range(2, 6):
        data = b"AT+CSQ"[:cut] + b"\r\nRING\r\n" + b"AT+CSQ"[cut:] + b"\r\r\n+CSQ: 1,99\r\n\r\nOK\r\n"
        assert ask(CSQ, data) == (Reply("AT+CSQ", "OK", "", ("+CSQ: 1,99",)), ["RING"])


def test_a_result_glued_to_a_response_is_taken_apart() -> None:
    engine = Engine()
    engine.begin(Command("AT+CNUM", ("+CNUM:",)))
    assert run(engine, b'\r\nERROR+CNUM: "",""\r\n') == [
        Finished(Reply("AT+CNUM", "ERROR")),
        Unsolicited('+CNUM: "",""'),
    ]


@pytest.mark.parametrize("before", [b"", b"\r\n", b"AT+CMGS=18\r\r\n", b"AT+CMGS=18", b"AT+CMGS=18\r"])
@pytest.mark.parametrize("prompt", [b"> ", b">"])
@pytest.mark.parametrize("size", [0, 1])
def test_a_prompt_is_seen_with_and_without_line_ends(before: bytes, prompt: bytes, size: int) -> None:
    engine = Engine()
    engine.begin(Command("AT+CMGS=18", ("+CMGS:",), payload=b"0011"))
    assert run(engine, before + prompt, size) == [Prompted(b"0011\x1a")]
    assert run(engine, b"0011\x1a\r\n+CMGS: 7\r\n\r\nOK\r\n", size) == [
        Finished(Reply("AT+CMGS=18", "OK", "", ("+CMGS: 7",)))
    ]


@pytest.mark.parametrize(
    ("line", "response"),
    [(b"+CREG: 0,1OK", "+CREG: 0,1"), (b'+COPS: 0,0,"Net"OK', '+COPS: 0,0,"Net"'), (b"8OK", "8")],
)
def test_a_result_glued_to_the_end_of_its_response_is_found(line: bytes, response: str) -> None:
    engine = Engine()
    engine.begin(Command("AT?", expect=ANYTHING))
    (finished,) = engine.feed(b"\r\n" + line + b"\r\n")
    assert isinstance(finished, Finished)
    assert (finished.reply.code, finished.reply.lines) == ("OK", (response,))


def test_a_word_that_ends_like_a_result_is_none() -> None:
    engine = Engine()
    engine.begin(Command("ATI", expect=ANYTHING))
    assert engine.feed(b"\r\nMacBOOK\r\n") == []


def test_a_response_glued_to_the_echo_of_the_payload_is_found() -> None:
    engine = Engine()
    engine.begin(Command("AT+CMGS=18", ("+CMGS:",), payload=b"0011"))
    run(engine, b"\r\n> ")
    (event,) = run(engine, b"0011+CMGS: 7\r\nOK\r\n")
    assert isinstance(event, Finished)
    assert event.reply.value("+CMGS:") == "7"


def test_a_greater_sign_inside_a_line_is_no_prompt() -> None:
    engine = Engine()
    engine.begin(Command("AT+CMGS=18", ("+CMGS:",), payload=b"0011"))
    assert run(engine, b"\r\n^X: a> b\r\n") == [Unsolicited("^X: a> b")]


def test_call_results_end_only_commands_about_calls() -> None:
    assert ask(Command("AT+CSQ"), b"\r\nNO CARRIER\r\n") == (None, ["NO CARRIER"])
    reply, _ = ask(Command("ATD1", finals=CALL), b"\r\nRING\r\n\r\nNO CARRIER/E0011\r\n")
    assert reply == Reply("ATD1", "NO CARRIER", "E0011")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("OK", ("OK", "")),
        ("+CME ERROR: 10", ("+CME ERROR", "10")),
        ("+CMS ERROR: SIM busy", ("+CMS ERROR", "SIM busy")),
        ("BUSY/0011", ("BUSY", "0011")),
        ("CONNECT 64000", ("CONNECT", "64000")),
        ("NO DIAL TONE", ("NO DIALTONE", "")),
        ("OKAY", None),
        ("OK THEN", None),
        ("ERRORS", None),
        ("NO CARRIERS", None),
        ("CONNECTED", None),
        ("xOK", None),
    ],
)
def test_only_whole_result_codes_are_results(line: str, expected: tuple[str, str] | None) -> None:
    assert parse_result(line) == expected


@pytest.mark.parametrize("end", [b"\r\n", b"\r\r\n", b"\r"])
@pytest.mark.parametrize("size", [0, 1, 4])
def test_what_follows_connect_is_not_touched(end: bytes, size: int) -> None:
    engine = Engine()
    engine.begin(Command("AT+VRX", finals=CALL))
    audio = b"\xd5\n\rOK\r\n\x10\x10"
    data = b"\r\nCONNECT" + end + audio
    rest = b""
    finished = 0
    for i in range(0, len(data), size or len(data)):
        piece = data[i : i + (size or len(data))]
        if finished:
            rest += piece
            continue
        finished = sum(isinstance(event, Finished) for event in engine.feed(piece))
        rest += engine.rest
    assert finished == 1
    assert rest == audio


def test_shielded_codes_are_taken_out_of_lines_and_reported() -> None:
    engine = Engine(shielded=True)
    engine.begin(Command("AT+VLS=1"))
    assert run(engine, b"\x10R\r\nO\x10bK\r\n\x10", 1) == [
        Shielded(ord("R")),
        Shielded(ord("b")),
        Finished(Reply("AT+VLS=1", "OK")),
    ]
    assert run(engine, b"\r") == [Shielded(13)]


def test_a_command_that_takes_anything_still_leaves_unsolicited_lines_alone() -> None:
    reply, unsolicited = ask(Command("ATI3", ANYTHING), b"\r\nCX93001\r\nRING\r\n+CLIP: 1\r\n\r\nOK\r\n")
    assert reply == Reply("ATI3", "OK", "", ("CX93001",))
    assert unsolicited == ["RING", "+CLIP: 1"]


def test_one_command_at_a_time() -> None:
    engine = Engine()
    assert engine.begin(Command("AT")) == b"AT\r"
    with pytest.raises(RuntimeError, match="still running"):
        engine.begin(Command("AT"))
    engine.abandon()
    engine.begin(Command("AT"))


@pytest.mark.parametrize("text", ["AT\r", "AT\nD1", "ATD1\x00", "ATDü"])
def test_a_command_is_printable_ascii(text: str) -> None:
    with pytest.raises(ValueError, match="not a command line"):
        Command(text)


def test_memory_is_bounded() -> None:
    engine = Engine()
    engine.begin(Command("ATI", ANYTHING))
    for _ in range(50):
        assert engine.feed(b"x" * 100_000) == []
    engine.feed(b"\r")
    for _ in range(5000):
        engine.feed(b"y\r")
    (event,) = engine.feed(b"OK\r")
    assert isinstance(event, Finished)
    assert len(event.reply.lines) == RESPONSE_LIMIT
    assert max(map(len, event.reply.lines)) == LINE_LIMIT


COMMANDS = [
    Command("AT"),
    CSQ,
    Command("ATI", ANYTHING),
    Command("ATD1", finals=CALL),
    Command("AT+CMGS=1", ("+CMGS:",), payload=b"00"),
]
TOKENS = st.sampled_from(
    [
        b"\r",
        b"\n",
        b"OK",
        b"ERROR",
        b"> ",
        b"\x10",
        b"CONNECT",
        b"+CSQ: 1",
        b"RING",
        b"AT+CSQ",
        b"+CME ERROR: 3",
        b"\x1a",
    ]
)
BYTES = st.lists(st.one_of(TOKENS, st.binary(max_size=6)), max_size=30).map(b"".join)


@settings(deadline=None, derandomize=True, max_examples=400)
@given(BYTES, st.sampled_from(COMMANDS), st.booleans(), st.lists(st.integers(0, 200), max_size=12))
def test_any_bytes_in_any_split_give_the_same_events(
    data: bytes, command: Command, shielded: bool, cuts: list[int]
) -> None:
    def events(pieces: list[bytes]) -> list[object]:
        engine = Engine(shielded=shielded)
        engine.begin(command)
        out: list[object] = []
        for at, piece in enumerate(pieces):
            for event in engine.feed(piece):
                out.append(event)
                if isinstance(event, Finished) and event.reply.code == "CONNECT":
                    out.append(engine.rest + b"".join(pieces[at + 1 :]))
                    return out
        return out

    places = sorted({min(cut, len(data)) for cut in cuts} | {0, len(data)})
    pieces = [data[a:b] for a, b in itertools.pairwise(places)]
    assert events(pieces) == events([data])


@pytest.mark.parametrize("chunk", [1, 7, 1000])
def test_a_pdu_behind_its_announcement_answers_no_command(chunk):
    """A delivery report between +CMGR and its answer: its PDU would be taken for the stored message."""
    engine = Engine()
    engine.begin(Command("AT+CMGR=1", expect=ANYTHING))
    wire = b"AT+CMGR=1\r\r\n+CDS: 6\r\n0006112233\r\n\r\n+CMGR: 1,,5\r\n0004AABB\r\n\r\nOK\r\n+CDS: 7\r\n\r\nRING\r\n"
    events = [event for i in range(0, len(wire), chunk) for event in engine.feed(wire[i : i + chunk])]
    assert [event.line for event in events if isinstance(event, Unsolicited)] == [
        "+CDS: 6 0006112233",
        "+CDS: 7",
        "RING",
    ]
    (finished,) = [event for event in events if isinstance(event, Finished)]
    assert finished.reply.lines == ("+CMGR: 1,,5", "0004AABB")


def test_no_repr_tells_a_pin_or_a_message():
    engine = Engine()
    engine.begin(Command('AT+CPIN="8642"'))
    held = [Command('AT+CPIN="8642"'), Command("AT+CMGS=1", payload=b"8642"), Prompted(b"8642"), engine._running]
    assert not any("8642" in repr(each) for each in held)
