"""The power goes at any moment: what `commit` acknowledged is there, whole, and nothing is there in part.

The long version is `python -m tests.powercut --cuts 20000`.
"""

from __future__ import annotations

import random

import pytest

from tests.powercut.cuts import cut
from tests.powercut.disk import Disk, Op
from tests.powercut.recording import record

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_nothing_acknowledged_is_lost(seed: int) -> None:
    assert cut(record(seed), 80, random.Random(seed)) == []


@pytest.mark.parametrize("synchronous", ["OFF", "NORMAL"])
def test_the_harness_sees_what_a_store_without_syncs_loses(synchronous: str) -> None:
    findings = cut(record(1, synchronous), 40, random.Random(1))
    assert sum("were acknowledged" in finding.text for finding in findings) >= 5


def test_what_was_synced_is_never_touched() -> None:
    disk = disk_with_a_file()
    for op in (Op("w", "a", inode=7, data=b"old"), Op("s", "a", inode=7), Op("d", "")):
        disk.feed(op)
    disk.feed(Op("w", "a", inode=7, offset=3, data=b"new"))
    left = {disk.cut(random.Random(seed))["a"] for seed in range(100)}
    assert all(data is not None and data.startswith(b"old") for data in left)
    assert {b"old", b"oldnew"} < left, "and what was not synced may be there or not"


def test_a_name_that_was_not_synced_may_be_gone() -> None:
    disk = disk_with_a_file()
    disk.feed(Op("w", "a", inode=7, data=b"data"))
    disk.feed(Op("s", "a", inode=7))
    assert {"a" in disk.cut(random.Random(seed)) for seed in range(50)} == {True, False}


def test_a_lost_rename_leaves_the_old_contents() -> None:
    disk = disk_with_a_file()
    disk.feed(Op("w", "a", inode=7, data=b"old"))
    disk.feed(Op("s", "a", inode=7))
    disk.feed(Op("d", ""))
    disk.feed(Op("c", "b", inode=8))
    disk.feed(Op("w", "b", inode=8, data=b"new"))
    disk.feed(Op("s", "b", inode=8))
    disk.feed(Op("r", "b", "a"))
    assert {disk.cut(random.Random(seed))["a"] for seed in range(50)} == {b"old", b"new"}


def test_sectors_are_lost_one_by_one() -> None:
    disk = disk_with_a_file()
    disk.feed(Op("d", ""))
    disk.feed(Op("w", "a", inode=7, data=b"1" * 512 + b"2" * 512))
    left = {disk.cut(random.Random(seed))["a"] for seed in range(400)}
    assert bytes(512) + b"2" * 512 in left, "the second without the first"
    assert any(data and len(data) < 512 for data in left), "a torn one"


def disk_with_a_file() -> Disk:
    disk = Disk()
    disk.feed(Op("c", "a", inode=7))
    return disk
