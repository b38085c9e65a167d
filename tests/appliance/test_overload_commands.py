"""`alertbox overload replay`, `simulate`, `thresholds`: what they print, and what they say of mistakes."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from appliance.__main__ import main
from appliance.monitor.overload.config import MonitorConfig
from appliance.monitor.overload.derive import derive, erlang_c
from appliance.overload import options


def alertbox(*words):
    return CliRunner().invoke(main, ["overload", *map(str, words)])


def attack(tmp_path, *words):
    trace = tmp_path / "trace.csv"
    made = alertbox("simulate", "--hours", "0.5", "--attack", "0.3", "--seed", 5, "--out", trace, *words)
    assert made.exit_code == 0, made.output
    return trace


def test_an_attack_is_found_before_the_agents_are_exhausted(tmp_path):
    result = alertbox("replay", attack(tmp_path), "--json")
    assert result.exit_code == 0
    *alarms, summary = map(json.loads, result.output.splitlines())
    assert {tuple(alarm) for alarm in alarms} == {("time_s", "detector", "alarm", "state", "domain")}
    assert {(a["detector"], a["alarm"], a["state"], a["domain"]) for a in alarms} == {
        (detector, "attack", state, "voip") for detector in ("table1", "shares") for state in ("set", "clear")
    }
    for detector, at in summary["first_attack_s"].items():
        assert 1080 < at < summary["agents_exhausted_s"], detector
        assert at == next(a["time_s"] for a in alarms if a["detector"] == detector)
    assert summary["offered"] > 900
    assert 0 < summary["stage2_share"] <= summary["stage1_share"] < 0.7


def test_for_people(tmp_path):
    result = alertbox("replay", attack(tmp_path), "--areas")
    assert "shares  attack" in result.output
    assert "queue-voip.occupancy" in result.output
    assert "agents exhausted   at 1" in result.output
    assert max(map(len, result.output.splitlines())) <= 80


def test_the_same_seed_is_the_same_traffic(tmp_path):
    words = ("simulate", "--hours", 2, "--storm", 0.5, "--shift", 25, "--clumps", 3)
    assert alertbox(*words).output == alertbox(*words).output != alertbox(*words, "--seed", 1).output


def test_a_real_log_by_name_and_what_is_said_of_none(tmp_path):
    log, trace = tmp_path / "log.csv", tmp_path / "trace.csv"
    log.write_text("time,duration_s\n2020-09-01T00:00:05,30\n2020-09-01T00:10:00,0\n2020-09-01T02:00:00,60\n")
    assert alertbox("simulate", "--hours", 1, "--real-log", log, "--out", trace).exit_code == 0
    assert [line.split(",")[2] for line in trace.read_text().splitlines()] == ["hold_s", "30.000", "60.000"]
    assert "nowhere is no file" in alertbox("simulate", "--real-log", "nowhere").output


def test_a_configuration_changes_the_outcome_and_its_mistakes_are_all_reported(tmp_path):
    trace, path = attack(tmp_path), tmp_path / "c.toml"
    path.write_text(
        "[overload.agents]\ncapacity = 99\noccupancy = 99\n[overload.ingress]\noccupancy = 30\n[centre]\nlines = 29\n"
    )
    assert "first attack alarm never  (table1)" in alertbox("replay", trace, "--config", path).output
    path.write_text("[overload]\nwindow = 1\nlearn = 2\n[overload.agents]\noccupancy = 11\n[centre]\nlines = 'x'\n")
    result = alertbox("replay", trace, "--config", path)
    assert result.exit_code == 2
    assert [line.split(":")[1] for line in result.output.splitlines()] == ["2", "3", "5", "7"]
    trace.write_text("1,fax,2\n")
    assert alertbox("replay", trace).exit_code == 2


def test_thresholds_make_a_configuration_that_can_be_read_back():
    for words in ((), ("--commercial", "--service", 300, "--load", 1.5)):
        result = alertbox("thresholds", "--lines", 30, "--agents", 10, *words)
        assert result.exit_code == 0, result.output
        read = options.parse(result.output, "x")
        assert options.render(read) == result.output
    assert alertbox("thresholds", "--lines", 30, "--agents", 10, "--shares", "50,50,50").exit_code == 2


def test_the_papers_centre_gets_the_papers_thresholds():
    config = derive(30, 10, 96.0, 0.8)
    assert (config.ingress.occupancy, config.agents.occupancy) == (8, 4)
    assert config == MonitorConfig()
    commercial = derive(60, 20, 300.0, 3.0, emergency=False)
    assert commercial.agents.occupancy > 15
    assert commercial.ingress.occupancy > commercial.agents.occupancy


def test_erlang_c():
    assert erlang_c(2, 1.0) == pytest.approx(1 / 3)  # two agents, one Erlang: a third must wait
    assert erlang_c(10, 12.0) == 1.0
