"""What docs/modems.md says of the models is what the tables and the tests say."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance import modempage
from appliance.modempage import DIALOGUE, MANUAL, RADIO, SIMULATED, VOICE
from hal.gsm import models as radio
from hal.v253 import models as voice
from tests.contract.rows import ROWS, WITHOUT

TRANSCRIPTS = Path(__file__).parents[1] / "transcripts" / "data"
REPLAYED = {
    "conexant": "cx93001_pycallblock.txt",
    "usr5637": "usr5637_caller_id.txt",
    "lucent": "lucent_zoom56kx.txt",
    "conexant56k": "conexant_rd02_init.txt",
    "sim7600": "sim7600_hang_up.txt",
    "a7670": "a7670e_identity.txt",
    "quectel-ec2x": "quectel_ec25_no_ddsetex.txt",
    "huawei": "huawei_e303c_conn.txt",
}
"""Row -> a dialogue of such a modem that is replayed (tests/transcripts)."""
TRIED = {name: entry[-1] for name, entry in (VOICE | RADIO).items()}


def test_every_row_is_on_the_page() -> None:
    assert VOICE.keys() == {row.name for row in (*voice.MODELS, voice.V253, voice.IS101)}
    assert RADIO.keys() == {row.name for row in radio.MODELS}


def test_a_real_dialogue_is_one_that_is_replayed() -> None:
    assert {name for name, tried in TRIED.items() if DIALOGUE in tried} == REPLAYED.keys()
    assert [file for file in REPLAYED.values() if not (TRANSCRIPTS / file).is_file()] == []


def test_simulated_is_what_the_contract_suite_runs_on() -> None:
    assert {name for name, tried in TRIED.items() if SIMULATED in tried} == ROWS.keys()
    assert {name for name, tried in TRIED.items() if tried == (MANUAL,)} == WITHOUT.keys()


def test_a_page_without_a_place_for_its_rows_is_a_mistake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    empty = tmp_path / "modems.md"
    empty.write_text("# Modems\n")
    monkeypatch.setattr(modempage, "PAGE", empty)
    with pytest.raises(ValueError, match="voice rows"):
        modempage.page()
