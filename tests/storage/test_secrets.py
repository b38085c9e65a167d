"""The key files: made once, trusted only as they were made."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from storage import Secrets, SecretsError

FILES = ("device.key", "pepper.key")


def test_they_are_made_once_and_read_again(tmp_path: Path) -> None:
    made = Secrets.load_or_create(tmp_path / "keys")
    assert Secrets.load_or_create(tmp_path / "keys") == made
    assert len(made.device_key) == len(made.pepper) == 32
    assert made.device_key != made.pepper
    assert sorted(p.name for p in (tmp_path / "keys").iterdir()) == sorted(FILES)
    assert all(stat.S_IMODE((tmp_path / "keys" / name).stat().st_mode) == 0o600 for name in FILES)


def test_two_boxes_have_two_secrets(tmp_path: Path) -> None:
    assert Secrets.load_or_create(tmp_path / "a") != Secrets.load_or_create(tmp_path / "b")


def test_they_are_never_shown(tmp_path: Path) -> None:
    assert repr(Secrets.load_or_create(tmp_path)) == "Secrets()"


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_file_open_to_others_is_refused_with_the_mend(tmp_path: Path, name: str, mode: int) -> None:
    Secrets.load_or_create(tmp_path)
    (tmp_path / name).chmod(mode)
    with pytest.raises(SecretsError, match=f"chmod 600 .*{name}"):
        Secrets.load_or_create(tmp_path)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("data", [b"", b"x" * 31, b"x" * 33])
def test_a_file_of_another_size_is_refused(tmp_path: Path, name: str, data: bytes) -> None:
    Secrets.load_or_create(tmp_path)
    (tmp_path / name).write_bytes(data)
    with pytest.raises(SecretsError, match=f"{name}.*{len(data)} bytes"):
        Secrets.load_or_create(tmp_path)


@pytest.mark.parametrize("name", FILES)
def test_a_link_or_a_directory_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "elsewhere").write_bytes(b"x" * 32)
    (tmp_path / "elsewhere").chmod(0o600)
    (tmp_path / name).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SecretsError):
        Secrets.load_or_create(tmp_path)
    (tmp_path / name).unlink()
    (tmp_path / name).mkdir()
    with pytest.raises(SecretsError):
        Secrets.load_or_create(tmp_path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_somebody_else_is_refused(tmp_path: Path) -> None:
    Secrets.load_or_create(tmp_path)
    os.chown(tmp_path / "pepper.key", 12345, 12345)
    with pytest.raises(SecretsError, match="chown"):
        Secrets.load_or_create(tmp_path)
