"""The page and the trace of a line, as a technician sees them, and the table of advice."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import replace

import pytest
from click.testing import CliRunner

from appliance import advice, diagnosis, lineclient
from appliance.__main__ import main
from appliance.advice import ADVICE, State, next_thing
from appliance.answers import Answer, CommandFailed
from appliance.check import Facts, judge
from appliance.console.render import plain
from appliance.diagnosis import Rung, Sheet, page
from tests.support.box import CONFIG, ISDN, RADIO, town
from tests.support.virtualtime import run_virtual

FULL = Sheet(
    number=3,
    name="gsm",
    device="gsm",
    driver="gsm",
    direction="both",
    state="faulted",
    in_service=False,
    why="usb:1-1.4:2: " + "Input/output error " * 9,
    ports=(("usb:1-1.4:2", "ttyUSB2"), ("usb:1-1.4:4", "ttyUSB4")),
    usb="1e0e:9001 SIMCom SIM7600 at 1-1.4, 480 Mbit/s",
    facts={f"fact {n}": "x" * (n * 7 % 60) for n in range(40)} | {"registration": "home", "SIM": "ready"},
    calls=12,
    faults=3,
    audio=(123456, 654321, 2),
    doing="waits 64 s, then: flush and initialise",
    last_fault="usb:1-1.4:2: " + "Input/output error " * 9,
    recovery=Rung("the modem's own reset", "11-22 11:26:10", 23.4, "no answer " * 20),
    tries={
        "flush and initialise": 4,
        "reopen the ports": 3,
        "the modem's own reset": 2,
        "USB reset": 2,
        "power off and on": 1,
    },
    advice=advice.ADVICE[4].text,
    warnings=["/dev/ttyUSB2 may be another modem's after a restart; " * 3],
)


def test_the_fullest_page_fits_a_screen_and_the_important_facts_stand_on_it():
    lines = page(FULL).splitlines()
    assert len(lines) <= diagnosis.HEIGHT - 1
    assert max(map(len, lines)) <= diagnosis.WIDTH
    text = plain(Answer([page(FULL)]))
    assert text == page(FULL), "nothing wraps it once more"
    for word in ("OUT OF SERVICE", "registration", "SIM", "23 s", "12 calls", "to do next", "waits 64 s"):
        assert word in text


def test_programs_get_the_same(tmp_path):
    assert json.loads(json.dumps(FULL.data()))["recovery"]["name"] == "the modem's own reset"


@pytest.mark.parametrize(
    ("trouble", "word"),
    [
        ("cannot open usb:1-1.4:2: nothing is plugged in at USB port 1-1.4", "lines discover"),
        ("cannot open /dev/ttyUSB2: [Errno 11] Could not exclusively lock port /dev/ttyUSB2", "ModemManager"),
        ("cannot open /dev/ttyUSB2: [Errno 13] could not open port /dev/ttyUSB2: Permission denied", "dialout"),
        ("usb:1-1.4:2: Input/output error", "2 A"),
        ("the SIM wants its PIN, and the configuration has none of 4 to 8 digits", "sim_pin_file"),
        (
            "the SIM refuses the configured PIN (+CME ERROR: 16 (incorrect password)); it is not tried again",
            "telephone",
        ),
        ("this SIM has refused a PIN, or may have, and is not tried again: correct the PIN, unlock", "telephone"),
        ("the audio of the last call was choppy: 12 s, 8000 bytes/s from the modem", "SIM7600"),
        ("the SIM wants SIM PUK: put it into a telephone and unlock it", "PUK"),
        ("no usable SIM: SIM not inserted", "SIM out"),
        ("this modem or firmware carries no voice", "firmware"),
        ("/dev/ttyACM0: this modem has no voice mode (AT+FCLASS=8: ERROR)", "firmware"),
        ("no network that carries voice: searching", "Aerial"),
        ("no dial tone", "cable"),
        ("no audio for 5 s", "audio port"),
        ("/dev/ttyACM0 is isdn4linux: the driver for it is isdn4linux", "driver"),
        ("usb:1-1.4:2: no serial port there; the kernel's driver is none", "modprobe"),
        ("/dev/ttyUSB2: no answer to AT+CREG? in time", "trace"),
        ("its driver failed: KeyError('x')", "journalctl"),
    ],
)
def test_what_to_do_next(trouble, word):
    assert word in next_thing(State(False, trouble))


def test_a_line_in_service_needs_nothing_unless_it_goes_away_again_and_again():
    assert next_thing(State(True, "")).startswith("Nothing")
    assert "2 A" in next_thing(State(True, "", restarts=3))
    assert next_thing(State(False, "not open yet", waits=True)).startswith("Wait")
    assert "trace" in next_thing(State(False, "something that nobody has thought of"))


def test_every_row_of_the_advice_can_be_reached():
    for row in ADVICE:
        re.compile(row.pattern)
        assert row.text.endswith((".", "PORT", "discover", "?", "omni.net)."))


def test_a_port_by_number_is_warned_about():
    verdict = judge(Facts(running=False, ports=["gsm: /dev/ttyUSB2 may be another modem's after a restart"]))
    assert "warning: gsm: /dev/ttyUSB2 may be another modem's after a restart" in verdict.remarks


def in_town(tmp_path, story, config=CONFIG + ISDN + RADIO):
    from ivr.prompts import available, load
    from ivr.prompts.store import render_missing
    from tests.flows.conftest import MEMBERS

    prompts = tmp_path / "prompts"
    prompts.mkdir()
    for code in available():
        language = load(code)
        render_missing(prompts, language, [*language.texts(), "Test alert"], "fast")

    async def whole():
        async with town(tmp_path, prompts, members=MEMBERS[:1], config=config) as place:
            await story(place)

    run_virtual(whole())


def test_the_commands_on_a_running_box(tmp_path):
    async def story(place):
        listed = await place.command("lines")
        assert [row[:2] for row in listed.parts[0].rows] == [("1", "isdn.1"), ("2", "isdn.2"), ("3", "gsm")]
        by_number, by_name = await place.command("lines show", line="3"), await place.command("lines show", line="gsm")
        assert by_number.parts[0].splitlines()[0] == by_name.parts[0].splitlines()[0] == "Line 3: gsm, calls out: idle"
        assert by_number.status == 0
        assert "89490200000000000015" in by_number.parts[0]
        with pytest.raises(CommandFailed, match=r"there is no line 4; there are: 1 isdn\.1, 2 isdn\.2, 3 gsm"):
            await place.command("lines show", line="4")

        said = await place.command("lines trace", line="gsm")
        assert ">  AT+CPIN?" in said.parts[0]
        assert re.search(r"^13:00:\d\d\.\d{3} >  AT$", said.parts[0], re.M)
        last = said.data["last"]
        await asyncio.sleep(30)
        later = await place.command("lines trace", line="gsm", after=last)
        assert later.data["entries"]
        assert all(entry["number"] > last for entry in later.data["entries"])
        recent = await place.command("lines trace", line="gsm", seconds=15)
        assert 0 < len(recent.data["entries"]) < len(later.data["entries"])

        place.exchange.devices["gsm"].info("\x1b]0;owned\x07\x9b31m")
        await asyncio.sleep(1)
        shown = (await place.command("lines trace", line="3", seconds=2)).parts[0]
        assert "\\x1b]0;owned" in shown
        assert shown.replace("\n", "").isprintable()

        device = place.config.devices[0]
        numbered = replace(device, lines=(replace(device.lines[0], port="/dev/ttyUSB2"), *device.lines[1:]))
        place.box.config = replace(place.config, devices=(numbered, *place.config.devices[1:]))
        remarks = (await place.command("check")).data["remarks"]
        assert any(each.startswith("warning: isdn: /dev/ttyUSB2 may be another modem's") for each in remarks)

    in_town(tmp_path, story)


def test_trace_follow_asks_again_for_what_is_new(monkeypatch, tmp_path):
    asked = []

    def ask(socket, name, values):
        asked.append(dict(values))
        if len(asked) == 3:
            raise KeyboardInterrupt
        entry = {"number": len(asked), "text": f"AT{len(asked)}"}
        return Answer([f"AT{len(asked)}"], data={"last": len(asked), "entries": [entry]})

    monkeypatch.setattr(lineclient, "ask", ask)
    monkeypatch.setattr(lineclient.time, "sleep", lambda _: None)
    config = tmp_path / "box.toml"
    result = CliRunner().invoke(main, ["--config", str(config), "lines", "trace", "1", "--follow", "--seconds", "60"])
    assert (result.output, result.exit_code) == ("AT1\nAT2\n", 0)
    assert [(each["after"], each["seconds"]) for each in asked] == [(None, 60), (1, None), (2, None)]


def test_without_a_box_there_is_no_trace(tmp_path):
    (tmp_path / "box.toml").write_text(f'[control]\nsocket = "{tmp_path}/none"\n')
    result = CliRunner().invoke(main, ["--config", str(tmp_path / "box.toml"), "lines", "trace", "1"])
    assert result.exit_code == 2
    assert "the box is not running" in result.output
