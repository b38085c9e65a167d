"""Our PDU codecs beside gammu's and python-messaging's, both ways, over thousands of messages.

What the driver's codec writes, gammu and the simulated network must read; what gammu and python-messaging write, the driver's must
read; and what a network may send, all must read alike. Where they do not, `oracle_known` says who is wrong, and by which clause.
"""

from __future__ import annotations

from datetime import datetime

import pytest

from hal.simulated import pdu as network
from tests.peers import oracle_cases as cases
from tests.peers import oracle_views as views
from tests.peers import oracles
from tests.peers.oracle_known import RECEIVED, SENT, Ledger, is_text_basic

WHEN = "2024-02-29T23:59:58"

gammu = pytest.mark.peer("gammu's PDU codec", package="python3-gammu")
messaging = pytest.mark.peer("python-messaging", version="0.5.13")


@gammu
def test_gammu_and_the_simulated_network_read_what_we_write():
    sent = [(case, *part) for case in cases.texts(1, 3000) for part in views.encoded(case)]
    ledger = Ledger("gammu reads", SENT)
    texts: dict[cases.Text, str] = {}
    for (case, octets, length), theirs in zip(
        sent, oracles.gammu({"decode": octets} for _, octets, _ in sent), strict=True
    ):
        ours, network = views.decoded(octets), views.submitted(octets, length)
        assert {field: network[field] for field in ("number", "text", "report", "part")} == {
            field: ours[field] for field in ("number", "text", "report", "part")
        }, (case, octets)
        assert (ours["number"], ours["report"]) == (case.number, case.report)
        assert length <= 7 + (len(case.number.removeprefix("+")) + 1) // 2 + 140, "more user data than a message holds"
        assert ours["part"] is None or ours["part"][0] == case.reference
        texts[case] = texts.get(case, "") + ours["text"]
        ledger.compared += 1
        if "error" in theirs:
            ledger.differ("error", octets, theirs["error"], case, ours["text"])
            continue
        for field in ("kind", "number", "text", "part"):
            if theirs[field] != ours[field]:
                ledger.differ(field, ours[field], theirs[field], case, ours["text"])
    assert all(text == case.text for case, text in texts.items())
    assert ledger.compared > 7000
    ledger.close()


@gammu
@pytest.mark.parametrize("layout", ["Submit", "Deliver"])
def test_we_read_what_gammu_writes(layout: str):
    texts = cases.texts(5 if layout == "Submit" else 6, 2500)
    wanted = [
        {
            "layout": layout,
            "number": case.number,
            "text": case.text,
            "unicode": not is_text_basic(case.text),
            "wide": case.reference > 0xFF,
            "when": WHEN,
        }
        for case in texts
    ]
    ledger = Ledger("gammu writes", SENT)
    for case, answer in zip(texts, oracles.gammu({"encode": one} for one in wanted), strict=True):
        assert "error" not in answer, (case, answer)
        read = [views.decoded(octets) for octets in answer["pdus"]]
        ledger.compared += len(read)
        assert {part["kind"] for part in read} == {layout}
        _compare(ledger, case, read)
        if layout == "Deliver":
            assert {part["when"] for part in read} == {WHEN.replace("T", " ")}
    assert ledger.compared > 6000
    ledger.close()


@messaging
def test_we_read_what_python_messaging_writes():
    texts = cases.texts(7, 2500)
    wanted = [
        {"number": case.number, "text": case.text, "report": case.report, "reference": case.reference % 256}
        for case in texts
    ]
    ledger = Ledger("messaging writes", SENT)
    for case, answer in zip(texts, oracles.messaging({"encode": one} for one in wanted), strict=True):
        assert "error" not in answer, (case, answer)
        read = [views.decoded(octets) for octets in answer["pdus"]]
        ledger.compared += len(read)
        if any("error" in part for part in read):
            ledger.differ("pdu", "no PDU", answer["pdus"], case, "")
            continue
        _compare(ledger, case, read)
        assert {part["report"] for part in read} == {case.report}
        if len(read) > 1:
            assert {part["part"][0] for part in read} == {case.reference % 256}
    assert ledger.compared > 5000
    ledger.close()


@pytest.mark.parametrize("oracle", [pytest.param("gammu", marks=gammu), pytest.param("messaging", marks=messaging)])
def test_what_a_network_may_send_is_read_alike(oracle: str):
    received = cases.delivers(11, 4096)
    ledger = Ledger(oracle, RECEIVED)
    answers = getattr(oracles, oracle)({"decode": case.pdu} for case in received)
    for case, theirs in zip(received, answers, strict=True):
        ours = views.decoded(case.pdu)
        truth = case.truth
        assert {field: ours[field] for field in truth} == truth, case
        ledger.compared += 1
        if "error" in theirs:
            ledger.differ("error", ours, theirs["error"], case)
            continue
        fields = ("kind", "number", "text", "data", "part", "centre")
        mine = ours | ({"when": ours["utc"]} if oracle == "messaging" else {})
        for field in (*fields, "when"):
            nothing = field == "centre" and not theirs[field] and not mine[field]  # None or empty
            if theirs[field] != mine[field] and not nothing:
                ledger.differ(field, mine[field], theirs[field], case)
    ledger.close()


@pytest.mark.parametrize("oracle", [pytest.param("gammu", marks=gammu), pytest.param("messaging", marks=messaging)])
def test_what_the_simulated_network_delivers_is_read_alike(oracle: str):
    moment = datetime(2024, 2, 29, 23, 59, 58)
    texts = cases.texts(8, 2500)
    sent = [(case, *part) for case in texts for part in network.deliver(case.number, case.text, moment)]
    answers = getattr(oracles, oracle)({"decode": octets} for _, octets, _ in sent)
    ledger = Ledger(f"{oracle} reads", tuple(row for row in SENT if "long number" not in row.what))
    read: dict[cases.Text, str] = {}
    for (case, octets, length), theirs in zip(sent, answers, strict=True):
        ours = views.decoded(octets)
        assert (ours["number"], ours["when"]) == (case.number, str(moment))
        assert length == len(octets) // 2 - 1 - int(octets[:2], 16)
        read[case] = read.get(case, "") + ours["text"]
        ledger.compared += 1
        if "error" in theirs:
            ledger.differ("error", octets, theirs["error"], case, ours["text"])
            continue
        for field in ("kind", "number", "text", "part", "when"):
            if theirs[field] != ours[field]:
                ledger.differ(field, ours[field], theirs[field], case, ours["text"])
    assert all(text == case.text for case, text in read.items())
    ledger.close()


@pytest.mark.parametrize("oracle", [pytest.param("gammu", marks=gammu), pytest.param("messaging", marks=messaging)])
def test_status_reports_are_read_alike(oracle: str):
    received = cases.reports(12, 1024)
    answers = getattr(oracles, oracle)({"decode": case.pdu} for case in received)
    for case, theirs in zip(received, answers, strict=True):
        ours = views.decoded(case.pdu)
        truth = case.truth
        assert {field: ours[field] for field in truth} == truth, case
        fields = ["kind", "number", "reference", "sent", "when"] + (["status"] if oracle == "messaging" else [])
        assert {field: theirs[field] for field in fields} == {field: ours[field] for field in fields}, case


def _compare(ledger: Ledger, case: cases.Text, read: list[dict]) -> None:
    """A text that an oracle has put into messages, and what we have read."""
    text = "".join(part["text"] for part in read)
    if text != case.text:
        ledger.differ("text", text, case.text, case, "")
    if {part["number"] for part in read} != {case.number}:
        ledger.differ("number", read[0]["number"], case.number, case, "")
    places = [part["part"][1:] if part["part"] else None for part in read]
    expected = [[len(read), place] for place in range(1, len(read) + 1)] if len(read) > 1 else [None]
    if places != expected:
        ledger.differ("part", places, expected, case, "")
