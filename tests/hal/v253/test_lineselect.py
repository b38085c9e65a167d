"""Which +VLS is the telephone line, and where a modem hears keys: from the lists of real modems, and from any nonsense."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hal.errors import ModemError
from hal.v253.lineselect import Hearing, LineSelect, choose
from hal.v253.models import V253, Model, identify

CONEXANT = [  # Conexant 102184B, p.5-12
    '0," ",0000000000,0000000000,B084008000',
    '1,"T",0B8418E000,0FE418E000,0B8419E000',
    '2,"L",0884008000,0CE4008000,0884018000',
    '13,"M1S1T",0B8418E000,0FE418E000,0B8419E000',
    '20,"t",0B8418E000,0FE418E000,BB8419E000',
]
MULTITECH = ['0, " ", 0A000100, 0E601800, 1A803840', '1, " T", 0A000100, 0E601800, 1A803840']  # MT5634SMI, p.125
EVERYWHERE = Hearing(playing=True, recording=True, idle=True)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (CONEXANT, LineSelect("AT+VLS=1", EVERYWHERE)),
        (MULTITECH, LineSelect("AT+VLS=1", EVERYWHERE)),
        (['+VLS:4;"T";0BC01800;03C01800;0BC01800'], LineSelect("AT+VLS=4", Hearing(True, False, True))),
        (['1,"T",03801800,0b801800,0B801800'], LineSelect("AT+VLS=1", Hearing(False, True, True))),
        (['1,"T"'], LineSelect("AT+VLS=1", EVERYWHERE)),
        (["0,1,2,4"], LineSelect("AT+VLS=1", EVERYWHERE)),
        ([], LineSelect("AT+VLS=1", EVERYWHERE)),
    ],
)
@pytest.mark.parametrize("model", [V253, identify("CX93001")])
def test_the_line_is_what_the_modem_calls_t(lines: list[str], expected: LineSelect, model: Model) -> None:
    assert choose(model, lines, ['1,"UNSIGNED PCM",8,0,8000,0,0']) == expected


@pytest.mark.parametrize("identity", ["2864", "1496"])
def test_in_is_101_it_is_2_whatever_is_listed(identity: str) -> None:
    assert choose(identify(identity), CONEXANT, []) == LineSelect("AT+VLS=2")


def test_an_unknown_modem_is_refused_where_its_lists_do_not_tell() -> None:
    with pytest.raises(ModemError, match="lists are those of IS-101"):
        choose(V253, ["0,2"], ["2;ADPCM;2;0;(8000)"])
    with pytest.raises(ModemError, match="no telephone line"):
        choose(V253, ['0,"",B0000000,B0000000,B0000000', '4,"S",00000000,00000000,B0000000'], [])
    known = identify("CX93001")
    assert choose(known, [], ["2;ADPCM;2;0;(8000)"]).command == "AT+VLS=1", "its dialect is certain"


@settings(deadline=None, derandomize=True)
@given(
    st.lists(st.text(alphabet='0123456789ABCDEFT",; +VLS:', max_size=50), max_size=6),
    st.lists(st.text(max_size=20), max_size=3),
)
def test_any_lists_give_a_command_or_one_error(lines: list[str], compressions: list[str]) -> None:
    for model in (V253, identify("CX93001"), identify("2864")):
        try:
            command = choose(model, lines, compressions).command
        except ModemError:
            assert model is V253
        else:
            assert command.removeprefix("AT+VLS=").isdigit()
