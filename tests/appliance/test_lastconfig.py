"""The last good configuration: kept when the box has come up, used when its file has mistakes, never for another file."""

from __future__ import annotations

import pytest

from appliance import lastconfig
from appliance.config import Invalid

GOOD = """
[service]
name = "Our alert box"
[paths]
state = "{state}"
[[device]]
name = "isdn"
driver = "isdn4linux"
[[device.line]]
port = "/dev/ttyACM0"
"""


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "box.toml"
    (tmp_path / "state").mkdir()
    path.write_text(GOOD.format(state=tmp_path / "state"))
    return path


@pytest.fixture(autouse=True)
def _no_other_state(monkeypatch):
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)


def spoil(path, how):
    good = path.read_text()
    path.write_text({"option": good.replace("name =", "nmae ="), "syntax": good + "\n[[[\n"}[how])


def test_a_good_file_is_itself(path):
    loaded = lastconfig.load(path)
    assert loaded.mistakes is None
    assert not loaded.trouble
    assert loaded.config.service.name == "Our alert box"


def test_a_mistake_falls_back_on_what_was_kept(path):
    lastconfig.keep(lastconfig.load(path))
    spoil(path, "option")
    loaded = lastconfig.load(path)
    assert loaded.config.service.name == "Our alert box"
    assert "did you mean name?" in loaded.trouble
    assert "more: alertbox config check" in loaded.trouble


def test_a_file_that_is_no_toml_finds_its_copy_by_systemd(path, tmp_path, monkeypatch):
    lastconfig.keep(lastconfig.load(path))
    spoil(path, "syntax")
    with pytest.raises(Invalid):
        lastconfig.load(path)
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))
    assert lastconfig.load(path).config.service.name == "Our alert box"


def test_a_file_that_is_gone_finds_its_copy(path, tmp_path, monkeypatch):
    lastconfig.keep(lastconfig.load(path))
    path.unlink()
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))
    loaded = lastconfig.load(path)
    assert "cannot be read" in loaded.trouble
    assert loaded.config.service.name == "Our alert box"


def test_what_was_fallen_back_on_is_not_kept_again(path, tmp_path):
    lastconfig.keep(lastconfig.load(path))
    before = (tmp_path / "state" / lastconfig.COPY).read_bytes()
    spoil(path, "option")
    lastconfig.keep(lastconfig.load(path))
    assert (tmp_path / "state" / lastconfig.COPY).read_bytes() == before


@pytest.mark.parametrize("harm", ["damaged", "another file's", "not valid any more"])
def test_a_copy_that_is_no_good_is_not_used(path, tmp_path, harm):
    copy = tmp_path / "state" / lastconfig.COPY
    loaded = lastconfig.load(path)
    if harm == "another file's":
        loaded = lastconfig.Loaded(loaded.config, tmp_path / "other.toml", loaded.text)
    elif harm == "not valid any more":
        loaded = lastconfig.Loaded(loaded.config, path, loaded.text.replace("isdn4linux", "isdn5linux"))
    lastconfig.keep(loaded)
    if harm == "damaged":
        copy.write_bytes(copy.read_bytes().replace(b"Our", b"Ours"))
    spoil(path, "option")
    with pytest.raises(Invalid, match="did you mean name"):
        lastconfig.load(path)


def test_a_disk_that_takes_nothing_is_logged_only(path, tmp_path, caplog):
    loaded = lastconfig.load(path)
    (tmp_path / "state").rmdir()
    lastconfig.keep(loaded)
    assert "not kept" in caplog.text


def test_the_copy_is_the_owner_s(path, tmp_path):
    lastconfig.keep(lastconfig.load(path))
    assert (tmp_path / "state" / lastconfig.COPY).stat().st_mode & 0o777 == 0o600
