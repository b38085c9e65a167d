"""Where an oracle and our codec disagree, each with the clause that decides who is right.

A disagreement that no row explains fails the test, and so does a row that explains nothing any more. Fields are those of the
oracles' answers; `error` is a message that the oracle did not take. Clauses are of 3GPP TS 23.040 and TS 23.038.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.peers.oracle_cases import BASIC, EXTENSION, Received, is_basic, wide_by_standard


@dataclass(frozen=True)
class Known:
    """One kind of disagreement."""

    oracle: str
    what: str
    at_fault: str
    clause: str
    fields: frozenset[str]
    applies: Callable[..., bool]


def _known(oracle: str, what: str, at_fault: str, clause: str, fields: str, applies: Callable[..., bool]) -> Known:
    return Known(oracle, what, at_fault, clause, frozenset(fields.split()), applies)


def reserved(dcs: int) -> bool:
    """A data coding scheme that TS 23.038, 4 reserves, or that sets a bit which it wants 0."""
    if dcs < 0x80:
        return dcs & 0x0C == 0x0C
    return dcs < 0xC0 or (dcs < 0xF0 and bool(dcs & 0x04)) or (dcs >= 0xF0 and bool(dcs & 0x08))


def messaging_coding(dcs: int) -> str:
    """How python-messaging reads a data coding scheme: bits 3 and 2, whatever the group."""
    return "basic" if not dcs & 0x0C else "data" if dcs & 0x04 else "wide"


def coding(dcs: int) -> str:
    """How TS 23.038, 4 wants it read."""
    return "basic" if is_basic(dcs) else "wide" if wide_by_standard(dcs) else "data"


def _more_than_concatenation(case: Received) -> bool:
    return case.header is not None and not (
        (len(case.header) == 5 and case.header[0] == 0) or (len(case.header) == 6 and case.header[0] == 8)
    )


RECEIVED = (
    _known(
        "gammu",
        "reads an alphanumeric sender as ASCII",
        "gammu",
        "23.040, 9.1.2.5: the GSM 7 bit default alphabet",
        "number",
        lambda case: case.address_type == 0xD0 and not case.digits.isascii(),
    ),
    _known(
        "gammu",
        "sees no concatenation where the header holds another element too",
        "gammu",
        "23.040, 9.2.3.24: elements that are not understood are skipped, the others count",
        "part",
        _more_than_concatenation,
    ),
    _known(
        "gammu",
        "refuses reserved coding schemes, or takes them for octets",
        "gammu",
        "23.038, 4: reserved codings are the GSM 7 bit default alphabet; reserved bits are ignored",
        "error text data",
        lambda case: reserved(case.dcs) and case.dcs not in range(0xF8, 0xFC),
    ),
    _known(
        "gammu",
        "takes 0xF8 to 0xFB for octets, which we read as UCS-2",
        "neither",
        "23.038, 4 reserves bit 3 here, so it is the 7 bit alphabet; modems store UCS-2 so (gammu's own dump 14), as we read it",
        "text data",
        lambda case: case.dcs in range(0xF8, 0xFC),
    ),
    _known(
        "gammu",
        "refuses compressed text, of which we keep the octets",
        "neither",
        "23.042 is implemented by none of the three",
        "error",
        lambda case: case.dcs < 0x80 and bool(case.dcs & 0x20),
    ),
    _known(
        "messaging",
        "reads bits 3 and 2 of the coding scheme in every group",
        "python-messaging",
        "23.038, 4: they mean the coding in the general groups only, and compressed text is no text",
        "text data error",
        lambda case: messaging_coding(case.dcs) != coding(case.dcs) or (case.dcs < 0x80 and bool(case.dcs & 0x20)),
    ),
    _known(
        "messaging",
        "cannot read a message without text",
        "python-messaging",
        "23.040, 9.2.3.16: the length may be 0",
        "error",
        lambda case: case.size == 0 and case.header is None,
    ),
    _known(
        "messaging",
        "reads an at sign behind names of seven characters",
        "python-messaging",
        "23.040, 9.1.2.5: the length counts useful semi-octets, and 13 of them hold 7 septets",
        "number",
        lambda case: case.address_type == 0xD0 and len(case.digits) == 7,
    ),
)
SENT = (
    _known(
        "gammu reads",
        "refuses a long number with next to no text behind it",
        "gammu",
        "23.040, 9.2.2.2: a message is as short as its fields, and 9.1.2.5: an address has up to 20 digits",
        "error",
        lambda case, part: len(case.number.removeprefix("+")) >= 18 and len(part) <= 1,
    ),
    _known(
        "gammu reads",
        "doubles tildes in UCS-2 and loses as many characters at the end",
        "gammu",
        "23.038, 6.2.3: a tilde is U+007E; the doubling is for menus of old telephones",
        "text",
        lambda case, part: "~" in part and not is_text_basic(case.text),
    ),
    _known(
        "messaging reads",
        "cannot read a message without text",
        "python-messaging",
        "23.040, 9.2.3.16: the length may be 0",
        "error",
        lambda case, part: not part,
    ),
    _known(
        "gammu writes",
        "writes U+0001 for a tilde in UCS-2",
        "gammu",
        "23.038, 6.2.3: a tilde is U+007E",
        "text",
        lambda case, _: "~" in case.text and not is_text_basic(case.text),
    ),
    _known(
        "gammu writes",
        "writes 00 in front of a number as international",
        "gammu",
        "23.040, 9.1.2.5: the prefix belongs to the number as it is dialled; only some countries use 00",
        "number",
        lambda case, _: case.number.startswith("00"),
    ),
    _known(
        "messaging writes",
        "tears an escaped character between two parts",
        "python-messaging",
        "23.038, 6.2.1.1: the escape means the septet that follows it in the same message",
        "text",
        lambda case, _: any(char in EXTENSION for char in case.text) and is_text_basic(case.text),
    ),
    _known(
        "messaging writes",
        "writes no hexadecimal, or other characters, for those beyond the basic plane",
        "python-messaging",
        "23.038, 6.2.3 with ISO/IEC 10646: UCS-2 has no such character, and networks carry a pair of units (UTF-16)",
        "pdu text",
        lambda case, _: any(ord(char) > 0xFFFF for char in case.text),
    ),
)


def is_text_basic(text: str) -> bool:
    """Every character is in the GSM 7 bit default alphabet or its extension table."""
    return all(char in BASIC or char in EXTENSION for char in text)


class Ledger:
    """Collects disagreements of one comparison and judges them at its end."""

    def __init__(self, oracle: str, rows: tuple[Known, ...]) -> None:
        self._rows = {row: 0 for row in rows if row.oracle == oracle}
        self._unexplained: list[str] = []
        self.compared = 0

    def differ(self, field: str, ours: object, theirs: object, *case: object) -> None:
        """Our codec and the oracle gave different values for a field of a case."""
        for row in self._rows:
            if field in row.fields and row.applies(*case):
                self._rows[row] += 1
                return
        self._unexplained.append(f"{field}: ours {ours!r}, theirs {theirs!r}, of {case!r}"[:1500])

    def close(self) -> None:
        """AssertionError where something is not on the list, or the list says something that is not so."""
        for row, count in self._rows.items():
            print(f"{count:6d} of {self.compared}: {row.oracle} {row.what} ({row.at_fault}; {row.clause})")
        assert not self._unexplained, f"{len(self._unexplained)} disagreements, such as\n" + "\n".join(
            self._unexplained[:5]
        )
        stale = [f"{row.oracle} {row.what}" for row, count in self._rows.items() if not count]
        assert not stale, f"the list of disagreements holds what is not so any more: {stale}"
