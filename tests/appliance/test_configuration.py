"""The configuration file: what it may say, and every mistake at its place."""

from __future__ import annotations

import dataclasses
import enum
import re
from pathlib import Path

import pytest

from appliance import config
from appliance.config import Invalid
from appliance.devices import device_config
from appliance.overload import watchoptions
from appliance.overload.origin import Origin
from hal.line import Direction
from ivr.limits import Limits

GOOD = """
[service]
name = "Test alert"
languages = ["de"]
time_zone = "Europe/Berlin"

[limits]
uid_digits = 5
pin_digits = 4
ring_s = 30

[control]
mode = "0600"

[[device]]
name = "isdn"
driver = "isdn4linux"

[[device.line]]
port = "/dev/ttyI0"
number = "4711"

[[device.line]]
port = "/dev/ttyI1"
direction = "out"

[[device]]
name = "gsm"
driver = "gsm"
model = "sim7600"
sim_pin_file = "/etc/alertbox/sim-pin"

[[device.line]]
port = "/dev/ttyUSB2"
audio = "/dev/ttyUSB4"
"""


def mistakes(text):
    with pytest.raises(Invalid) as caught:
        config.parse(text, "box.toml")
    return "\n".join(map(str, caught.value.problems))


def test_everything_is_read_and_the_rest_has_defaults():
    read = config.parse(GOOD, "box.toml")
    assert read.service.name == "Test alert"
    assert str(read.service.time_zone) == "Europe/Berlin"
    assert (read.limits.uid_digits, read.limits.pin_digits, read.limits.ring_s) == (5, 4, 30)
    assert read.limits.gap_s == Limits().gap_s
    assert read.control.mode == 0o600
    isdn, gsm = read.devices
    assert [line.direction for line in isdn.lines] == [Direction.BOTH, Direction.OUT]
    assert gsm.lines[0].audio == "/dev/ttyUSB4"
    assert read.sms.notice == "eCSIRT.net alert function - a new voice-mail was received."
    assert read.lines.keep_free == 1


def test_the_defaults_of_every_option_are_of_its_kind():
    apart = ("limits", "devices", "watch", "asterisk")
    sections = [each.default_factory for each in dataclasses.fields(config.Config) if each.name not in apart]
    for section in (*sections, watchoptions.Watching, watchoptions.AsteriskIngress):
        for option in dataclasses.fields(section):
            if "kind" not in option.metadata:
                continue
            written = option.default
            if isinstance(written, enum.Enum) or option.name == "origin":
                written = getattr(written, "value", written) or "unknown"
            if isinstance(written, Path):
                written = str(written)
            elif isinstance(written, tuple):
                written = [getattr(each, "value", each) for each in written]
            elif option.name == "mode":
                written = f"{written:04o}"
            elif option.name == "time_zone":
                written = str(written)
            assert option.metadata["kind"].read(written) == option.default, option.name


def test_the_defaults_of_every_limit_are_in_its_range():
    for each in dataclasses.fields(Limits):
        assert config.limit_kind(each.name).read(each.default) == each.default


def test_several_numbers_of_one_adapter_reach_its_driver_and_have_networks_of_their_own():
    text = """
[[watch.number]]
number = "4712"
origin = "voip"
[[device]]
name = "isdn"
driver = "isdn4linux"
numbers = ["4711", "4712"]
[[device.line]]
port = "/dev/ttyACM0"
number = "4711"
[[device.line]]
port = "/dev/ttyACM1"
number = "4711"
"""
    read = config.parse(text, "box.toml")
    made = device_config(read.devices[0])
    assert (made.msns, made.listen) == (("4711", "4711"), ("4711", "4712"))
    origin = Origin(called={each.number: each.origin for each in read.watch.numbers}, lines={})
    assert origin.domain(called="4712", line="isdn.1", caller=None) == "voip"
    assert origin.domain(called="4711", line="isdn.1", caller=None) == "pstn"
    with pytest.raises(Invalid, match="without a plus"):
        config.parse(text.replace('["4711", "4712"]', '["+494711"]'), "box.toml")


WATCHED = """
[watch]
by_caller = true
[[watch.number]]
number = "4712"
origin = "voip"
[overload]
window = 10
[overload.ingress]
occupancy = 5
[asterisk]
host = "127.0.0.1"
secret_file = "/etc/alertbox/ami-secret"
[[asterisk.ingress]]
channel = "PJSIP/voip-*"
origin = "voip"
[[asterisk.queue]]
name = "emergency"
[asterisk.overload]
window = 7
"""


def test_what_is_watched_for_overload():
    found = config.parse(GOOD + WATCHED, "box.toml")
    assert found.watch.numbers == (watchoptions.Number("4712", "voip"),)
    assert found.watch.monitor.window == 10
    assert found.watch.monitor.ingress.occupancy == 5
    assert found.asterisk.host == "127.0.0.1"
    assert found.asterisk.ingress[0].origin == "voip"
    assert found.asterisk.queues[0].name == "emergency"
    assert found.asterisk.monitor.window == 7
    without = config.parse(GOOD, "box.toml")
    assert without.asterisk is None
    assert without.watch == watchoptions.Watching()


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ('host = "127.0.0.1"\n', "", r"\[asterisk\].host: is missing"),
        ('secret_file = "/etc/alertbox/ami-secret"\n', "", r"\[asterisk\].secret_file: is missing"),
        ('[[asterisk.ingress]]\nchannel = "PJSIP/voip-*"\norigin = "voip"\n', "", "no call would be known"),
        ('number = "4712"\n', "", r"\[watch\].number 1.number: is missing"),
        (
            'origin = "voip"\n[overload]',
            'origin = "sip"\n[overload]',
            r'origin: "sip" is not known; write one of: pstn',
        ),
        ("window = 7", "windows = 7", r"\[asterisk\].overload.windows: is not known; did you mean window"),
    ],
)
def test_mistakes_about_what_is_watched(old, new, found):
    assert old in WATCHED
    assert re.search(found, mistakes(GOOD + WATCHED.replace(old, new)))


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ('"Europe/Berlin"', '"Berlin"', r'box.toml:5: \[service\].time_zone: "Berlin" is no time zone'),
        ("pin_digits = 4", "pin_digits = 5", r"box.toml:9: \[limits\].pin_digits: .*never 10"),
        ("ring_s = 30", "ring_s = -1", r"box.toml:10: \[limits\].ring_s: -1 is out of range; write 0.1 to 1209600"),
        ("ring_s = 30", 'ring_s = "30"', r'box.toml:10: .*"30" is no number'),
        ("ring_s", "ringing_s", r"box.toml:10: .*did you mean ring_s"),
        ('"0600"', '"0666"', r'box.toml:13: \[control\].mode: "0666" lets everybody in'),
        ('"0600"', "600", r"box.toml:13: .*600 is no text"),
        (
            '"isdn4linux"',
            '"isdn"',
            r'box.toml:17: \[\[device\]\] 1 \(isdn\).driver: "isdn" is not known; write one of: gsm',
        ),
        (
            '"/dev/ttyI1"',
            '"ttyI1"',
            r'box.toml:24: \[\[device\]\] 1 \(isdn\)\.line 2\.port: "ttyI1" is not the place of a USB port, or an',
        ),
        ('"/dev/ttyI1"', '"/dev/ttyI0"', r'box.toml:24: .*"/dev/ttyI0" is a port of isdn already'),
        ('"out"', '"up"', r'box.toml:25: .*"up" is not known; write one of: in, out, both'),
        ('name = "gsm"', 'name = "isdn"', r'box.toml:28: .*"isdn" is the name of an earlier device'),
        ('[[device.line]]\nport = "/dev/ttyUSB2"\naudio = "/dev/ttyUSB4"\n', "", r"box.toml:27: .*has no line"),
        ("[control]", "[contorl]", r"box.toml:12: contorl: is not known; did you mean control\?"),
    ],
)
def test_a_mistake_is_reported_at_its_place(old, new, found):
    assert old in GOOD
    assert re.search("^" + found, mistakes(GOOD.replace(old, new, 1)), re.MULTILINE)


def test_every_mistake_is_reported_at_once():
    text = GOOD.replace('"Europe/Berlin"', "1").replace("ring_s = 30", "x = 1").replace('"out"', '"up"')
    assert [each.split(":")[1] for each in mistakes(text).splitlines()] == ["5", "10", "25"]


def test_a_box_that_could_call_nobody_is_a_mistake():
    text = GOOD.replace('direction = "out"', 'direction = "in"').replace(
        'port = "/dev/ttyI0"', 'port = "/dev/ttyI0"\ndirection = "in"'
    )
    text = text.replace('audio = "/dev/ttyUSB4"', 'direction = "in"')
    assert "no line may dial" in mistakes(text)


def test_a_file_that_cannot_be_read_is_invalid(tmp_path):
    with pytest.raises(Invalid, match="cannot be read"):
        config.load(tmp_path / "none.toml")


def test_a_language_without_phrases_is_a_mistake():
    assert "write one of: de, en" in mistakes(GOOD.replace('["de"]', '["de", "fr"]')).replace("en, de", "de, en")
