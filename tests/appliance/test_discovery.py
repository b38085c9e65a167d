"""What is plugged in, asked in its own words, and what the configuration then says."""

from __future__ import annotations

import stat

import pytest
from click.testing import CliRunner

from appliance import config, discovery, lineclient, linepages
from appliance.__main__ import main
from appliance.answers import CommandFailed
from appliance.console.render import plain
from appliance.lineclient import backup
from hal.simulated import Exchange
from hal.simulated.usbbus import CONEXANT, EC25, HFC_S, SIM7600, Descriptor, UsbBus
from hal.usb import Bus
from tests.support.virtualtime import run_virtual

KEYBOARD = Descriptor(0x046D, 0xC31C, "Keyboard", driver="", interfaces=(0,))


def look(tmp_path, plug, used=None, ask=True):
    """Findings on a bus that `plug(exchange, usb)` has filled, by their place."""

    async def story():
        async with Exchange(tmp_path / "exchange") as exchange:
            plug(exchange, UsbBus(tmp_path, exchange.watch))
            found = await discovery.discover(Bus(tmp_path), used or {}, ask=ask)
            return {each.path: each for each in found}

    return run_virtual(story())


def sim7600(exchange, usb, path="1-1.4", name="gsm", number="+4915112345"):
    modem = exchange.gsm_modem(name, number=number, model="sim7600")
    usb.plug(path, SIM7600, {2: modem.port, 4: modem.audio.port})
    return modem


def conexant(exchange, usb, path="1-1.2"):
    modem = exchange.voice_modem("voice", number="4712", model="conexant")
    usb.plug(path, CONEXANT, {0: modem.port})
    return modem


def test_a_radio_modem_and_a_voice_modem(tmp_path):
    def plug(exchange, usb):
        sim7600(exchange, usb)
        conexant(exchange, usb)
        usb.plug("1-1.1", KEYBOARD, {})

    found = look(tmp_path, plug)
    assert list(found) == ["1-1.2", "1-1.4"]
    radio, voice = found["1-1.4"], found["1-1.2"]
    assert (radio.driver, radio.at_port, radio.audio) == ("gsm", "usb:1-1.4:2", "usb:1-1.4:4")
    assert radio.voice is True
    assert "SIM7600" in radio.says
    assert [(each.interface, each.node, each.role) for each in radio.ports if each.node] == [
        (2, "ttyUSB0", "AT commands"),
        (4, "ttyUSB1", "audio (serial PCM)"),
    ]
    assert (voice.driver, voice.at_port, voice.voice) == ("v253", "usb:1-1.2:0", True)
    assert "codecs" in voice.detail


def test_a_modem_that_the_box_uses_is_not_asked(tmp_path):
    opened = []

    def plug(exchange, usb):
        modem = sim7600(exchange, usb)
        modem.port_opened = lambda: opened.append(modem)

    (found,) = look(tmp_path, plug, used={"1-1.4": "gsm"}).values()
    assert found.used_by == "gsm"
    assert opened == []
    assert found.voice is None
    assert discovery.sections([found], []) == ""


def test_firmware_without_voice_is_told_and_not_written(tmp_path):
    def plug(exchange, usb):
        modem = conexant(exchange, usb)
        modem.commands["+FCLASS"] = lambda _: "ERROR"

    (found,) = look(tmp_path, plug).values()
    assert found.voice is False
    assert "AT+FCLASS=8: ERROR" in found.detail
    assert "another" in found.advice
    assert discovery.sections([found], []) == ""


def test_a_modem_that_says_nothing(tmp_path):
    def plug(exchange, usb):
        sim7600(exchange, usb).faults.silent = True

    (found,) = look(tmp_path, plug).values()
    assert found.voice is None
    assert "does not answer" in found.advice


def test_a_stranger_is_asked_what_it_is(tmp_path):
    def plug(exchange, usb):
        modem = exchange.voice_modem("voice", number="4712", model="conexant")
        usb.plug("1-1.3", Descriptor(0x1234, 0x5678, "A box", driver="cdc_acm", interfaces=(0,)), {0: modem.port})

    (found,) = look(tmp_path, plug).values()
    assert (found.name, found.driver, found.voice) == ("A box", "v253", True)


def test_an_isdn_adapter_is_written_as_a_comment_for_its_number_is_not_known(tmp_path):
    def plug(exchange, usb):
        adapter = exchange.isdn_adapter("isdn", msns=["4711"])
        usb.plug(
            "1-1.3", Descriptor(0x1234, 0x5678, "TA", driver="cdc_acm", interfaces=(0,)), {0: adapter.lines[0].port}
        )

    (found,) = look(tmp_path, plug).values()
    assert found.driver == "isdn4linux"
    more = discovery.sections([found], [])
    assert "# number =" in more
    assert all(line.startswith("#") for line in more.splitlines())
    assert discovery.sections([found], [], more) == "", "not a second time"


def test_what_cannot_be_a_modem_is_explained(tmp_path):
    (found,) = look(tmp_path, lambda exchange, usb: usb.plug("1-1.1", HFC_S, {})).values()
    assert "HFC-S" in found.advice
    page = plain(linepages.report([found]))
    assert "terminal adapter" in " ".join(page.split())


def test_a_modem_without_its_kernel_driver(tmp_path):
    (found,) = look(tmp_path, lambda exchange, usb: usb.plug("1-1.4", EC25, {})).values()
    assert "modprobe option" in found.advice


def test_the_page_says_it_all_in_eighty_columns(tmp_path):
    def plug(exchange, usb):
        sim7600(exchange, usb)
        conexant(exchange, usb)

    answer = linepages.report(list(look(tmp_path, plug).values()))
    page = plain(answer)
    assert max(map(len, page.splitlines())) <= 80
    for word in ("usb:1-1.4:4", "ttyUSB1", "audio (serial PCM)", "option", "driver gsm", "voice: yes", "SIM7600"):
        assert word in page
    assert answer.status == 0


def test_nothing_at_all(tmp_path):
    answer = linepages.report([])
    assert answer.status == 1
    assert "No modem is plugged in" in answer.parts[0]


# --- the configuration

OLD = """# The box of the fire brigade.
[service]
name = "Test alert"   # as agreed

[[device]]
name = "gsm"
driver = "gsm"
[[device.line]]
port = "/dev/ttyS0"
audio = "/dev/ttyS1"
"""


@pytest.fixture
def findings(tmp_path):
    def plug(exchange, usb):
        sim7600(exchange, usb)
        conexant(exchange, usb)

    return list(look(tmp_path / "bus", plug).values())


def write(path, findings, *, yes=True):
    return lineclient._write(lineclient._Written(path), findings, yes=yes)


def test_new_modems_are_added_and_nothing_else_is_touched(tmp_path, findings, capsys):
    path = tmp_path / "box.toml"
    path.write_text(OLD)
    path.chmod(0o640)
    assert write(path, findings) == 0
    text = path.read_text()
    assert text.startswith(OLD)
    assert backup(path).read_text() == OLD
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    read = config.parse(text, "box.toml")
    assert [(each.name, each.driver) for each in read.devices] == [("gsm", "gsm"), ("voice", "v253"), ("gsm2", "gsm")]
    assert (read.devices[2].lines[0].port, read.devices[2].lines[0].audio) == ("usb:1-1.4:2", "usb:1-1.4:4")
    assert '+port = "usb:1-1.4:2"' in capsys.readouterr().out, "what would change is shown"
    assert write(path, findings) == 0
    assert path.read_text() == text, "a second time changes nothing"
    assert "Nothing to write" in capsys.readouterr().out


def test_the_first_configuration_of_a_new_box(tmp_path, findings):
    path = tmp_path / "etc/box.toml"
    assert write(path, findings) == 0
    assert len(config.parse(path.read_text(), "box.toml").devices) == 2
    assert not backup(path).exists()


def test_a_file_that_would_get_mistakes_is_left_alone(tmp_path, findings):
    path = tmp_path / "box.toml"
    path.write_text(
        OLD.replace("/dev/ttyS1", "usb:1-1.2:0").replace("[service]", "device = []\n[service]").split("[[")[0]
    )
    before = path.read_text()
    with pytest.raises(CommandFailed, match="nothing was written"):
        write(path, findings)
    assert path.read_text() == before


def test_no_is_no(tmp_path, findings, monkeypatch):
    path = tmp_path / "box.toml"
    path.write_text(OLD)
    monkeypatch.setattr("click.confirm", lambda _: False)
    assert write(path, findings, yes=False) == 1
    assert path.read_text() == OLD


def test_what_somebody_else_has_written_meanwhile_is_not_lost(tmp_path, findings, monkeypatch):
    path = tmp_path / "box.toml"
    path.write_text(OLD)
    edited = OLD + "# a line of another window\n"
    monkeypatch.setattr("click.confirm", lambda _: path.write_text(edited))
    with pytest.raises(CommandFailed, match="meanwhile"):
        write(path, findings, yes=False)
    assert path.read_text() == edited


def test_a_link_stays_one(tmp_path, findings):
    place = tmp_path / "kept"
    place.mkdir()
    (place / "real.toml").write_text(OLD)
    path = tmp_path / "box.toml"
    path.symlink_to(place / "real.toml")
    assert write(path, findings) == 0
    assert path.is_symlink()
    assert (place / "real.toml").read_text().startswith(OLD)
    assert "usb:1-1.4:2" in (place / "real.toml").read_text()
    assert backup(path).read_text() == OLD
    assert not backup(path).is_symlink()


def test_a_full_disk_leaves_the_file_as_it_is(tmp_path, findings, monkeypatch):
    path = tmp_path / "box.toml"
    path.write_text(OLD)

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(CommandFailed, match="No space left"):
        write(path, findings)
    assert path.read_text() == OLD
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith(".")] == []


def test_it_works_with_the_box_down_and_with_mistakes_in_its_configuration(tmp_path):
    look(tmp_path, conexant)  # leaves the tree behind
    UsbBus(tmp_path / "other").plug("1-1.1", HFC_S, {})
    path = tmp_path / "box.toml"
    path.write_text(f'[simulation]\nroot = "{tmp_path}/other"\n[control]\nsocket = "{tmp_path}/none"\n')
    result = CliRunner().invoke(main, ["--config", str(path), "lines", "discover"])
    assert "HFC-S" in result.output
    assert result.exit_code == 1
    result = CliRunner().invoke(main, ["--config", str(path), "lines", "discover", "--json", "--no-ask"])
    assert '"path": "1-1.1"' in result.output
    path.write_text("this is no TOML")
    result = CliRunner().invoke(main, ["--config", str(path), "lines", "discover"])
    assert result.exit_code == 2
    assert "cannot be read" in result.output
