"""PINs: right ones, wrong ones, and teams that do not exist, at the same cost."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import argon2

from storage import Secrets, Store
from storage import records as r
from tests.storage.support import SECRETS, open_store


async def with_pins(directory: Path, **options: Any) -> Store:
    store = await open_store(directory, **options)
    hash_ = store.credentials.hash
    await store.commit(
        r.PinSet("a", "", await hash_("12345"), "test"),
        r.PinSet("a", "ops", await hash_("1111"), "test"),
        r.PinSet("a", "lead", await hash_("2222"), "test"),
        r.PinSet("b", "", await hash_("54321"), "test"),
    )
    return store


def test_own_and_group_pins(tmp_path: Path) -> None:
    async def main() -> None:
        store = await with_pins(tmp_path)
        check = store.credentials
        assert await check.verify("a", "12345")
        for team, pin in (("a", "54321"), ("a", "1111"), ("a", ""), ("c", "12345"), (None, "12345")):
            assert not await check.verify(team, pin)
        assert await check.verify_group("a", "1111") == "ops"
        assert await check.verify_group("a", "2222") == "lead"
        for team, pin in (("a", "12345"), ("b", "1111"), ("b", "54321"), (None, "1111")):
            assert await check.verify_group(team, pin) is None
        assert await check.has_pin("b")
        assert not await check.has_pin("c")
        assert await check.groups("a") == ("lead", "ops")
        await store.close()

    asyncio.run(main())


def test_a_changed_pin_replaces_the_old_one_and_an_empty_hash_removes_it(tmp_path: Path) -> None:
    async def main() -> None:
        store = await with_pins(tmp_path)
        await store.commit(r.PinSet("a", "", await store.credentials.hash("99999"), "a"))
        assert not await store.credentials.verify("a", "12345")
        assert await store.credentials.verify("a", "99999")
        await store.commit(r.PinSet("a", "", "", "test"))
        assert not await store.credentials.has_pin("a")
        await store.close()

    asyncio.run(main())


def test_a_hash_says_nothing_without_the_pepper(tmp_path: Path) -> None:
    async def main() -> str:
        store = await with_pins(tmp_path)
        encoded = await store.credentials.hash("12345")
        assert encoded != await store.credentials.hash("12345"), "salted"
        await store.close()
        return encoded

    encoded = asyncio.run(main())
    assert encoded.startswith("$argon2id$v=19$m=8,t=1,p=1$")
    for guess in (b"12345", Secrets(SECRETS.device_key, b"x" * 32).pepper + b"12345"):
        try:
            argon2.PasswordHasher().verify(encoded, guess)
        except argon2.exceptions.VerifyMismatchError:
            continue
        raise AssertionError("the PIN can be guessed from the hash alone")


def test_every_check_does_the_same_work(tmp_path: Path, monkeypatch: Any) -> None:
    """Counted, not timed: as many hashes of the same cost for a known team, an unknown one, a right and a wrong PIN."""
    done: list[str] = []
    verify = argon2.PasswordHasher.verify

    def counted(self: argon2.PasswordHasher, encoded: str, pin: bytes) -> bool:
        done.append(encoded.rsplit("$", 2)[0])
        return bool(verify(self, encoded, pin))

    monkeypatch.setattr(argon2.PasswordHasher, "verify", counted)

    async def work(store: Store, team: str | None, pin: str) -> list[str]:
        done.clear()
        await store.credentials.verify(team, pin)
        return list(done)

    async def main() -> None:
        store = await with_pins(tmp_path)
        known = await work(store, "a", "12345")
        assert len(known) == 1
        for team, pin in (("a", "00000"), ("nobody", "12345"), (None, "12345")):
            assert await work(store, team, pin) == known
        done.clear()
        assert await store.credentials.verify_group("a", "2222") == "lead"
        assert len(done) == 2, "all groups are tried, whichever is right"
        done.clear()
        assert await store.credentials.verify_group("nobody", "2222") is None
        assert len(done) == 1
        await store.close()

    asyncio.run(main())
