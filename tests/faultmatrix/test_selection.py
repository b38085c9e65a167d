"""Some cells of the fault matrix for every day; the whole of it is `make fault-matrix`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.faultmatrix.cell import NAMES, Moment, run_cell
from tests.faultmatrix.columns import BY_NAME as COLUMN
from tests.faultmatrix.columns import COLUMNS
from tests.faultmatrix.prompts import spoken
from tests.faultmatrix.rows import BY_NAME as ROW
from tests.faultmatrix.rows import ROWS

SELECTION = [
    ("OK to everything", "isdn4linux", "faulted"),
    ("silence", "isdn4linux", "faulted"),
    ("half-alive descriptor: writes succeed, nothing returns", "isdn4linux", "recovered"),
    ("power dip in the middle of a call out", "isdn4linux", "recovered"),
    ("stuck in the data state", "V.253 half duplex", "recovered"),
    ("glued lines (ERROR+CNUM, 0OK)", "GSM Huawei", "unaffected"),
    ("USB reset in the middle of a call out", "GSM Quectel", "recovered"),
    ("registration lost in the middle of a call out", "GSM SIMCom", "faulted"),
    ("the end of a call is not told (zombie call)", "GSM Huawei", "recovered"),
]
PAGE = Path(__file__).parents[2] / "docs" / "fault-matrix.md"


@pytest.fixture(scope="module")
def prompts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return spoken(tmp_path_factory.mktemp("prompts"), NAMES)


@pytest.mark.parametrize(
    ("row", "column", "what"), SELECTION, ids=[f"{cell[0][:30]} x {cell[1]}" for cell in SELECTION]
)
def test_a_cell(row: str, column: str, what: str, tmp_path: Path, prompts: Path) -> None:
    outcome = run_cell(ROW[row], COLUMN[column], tmp_path, prompts)
    assert outcome.what == what, f"{outcome} {outcome.reason}"


def test_a_cell_can_fail(tmp_path: Path, prompts: Path) -> None:
    """A modem that falls silent is not harmless, and the matrix says so."""
    outcome = run_cell(replace(ROW["silence"], harmless=True), COLUMN["isdn4linux"], tmp_path, prompts)
    assert outcome.what == "violation"
    assert "for nothing" in outcome.reason


def test_the_rows_are_whole() -> None:
    assert len(ROW) == len(ROWS), "two rows have one name"
    for row in ROWS:
        assert row.source
        assert isinstance(row.moment, Moment)
        missing = [column.name for column in COLUMNS if not row.applies(column)]
        assert not missing or row.because, f"{row.name}: say why {missing} have no such cell"
        assert len(missing) < len(COLUMNS), f"{row.name} applies to nothing"


def test_the_page_is_of_these_rows_and_columns() -> None:
    """The seconds on it are of the last whole run; a row or column that it does not know was never run whole."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    head = next(line for line in lines if line.startswith("| behaviour "))
    assert [cell.strip() for cell in head.split("|")[3:-2]] == [column.name for column in COLUMNS], (
        "run: make fault-matrix PAGE=1"
    )
    begun = lines.index(head) + 2
    names = [line.split("|")[1].strip() for line in lines[begun : begun + len(ROWS)]]
    assert names == [row.name for row in ROWS], "run: make fault-matrix PAGE=1"
    assert not any("violation" in line for line in lines[begun : begun + len(ROWS)])
