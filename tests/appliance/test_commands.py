"""Commands on a store with some history: what they answer, and what they change."""

from __future__ import annotations

import re

import pytest

from appliance import changes, commands, config, reports
from appliance.answers import CommandFailed
from appliance.console.render import plain
from appliance.site import Site
from hal.audio.sound import Sound
from hal.clock import ClockTrust
from storage.records import (
    AlarmRaised,
    AlertConfirmed,
    AlertEnded,
    AttemptEnded,
    AttemptStarted,
    CallEnded,
    CallStarted,
    MessageHeard,
    MessageRecorded,
    SmsQueued,
    SmsTried,
    Target,
    TeamNotReached,
    TeamReached,
)
from tests.support.stores import open_store
from tests.support.virtualtime import run_virtual, virtual_clock

CONFIG = config.parse('[[device]]\nname = "i"\ndriver = "isdn4linux"\n[[device.line]]\nport = "/dev/a"\n', "box.toml")
TEAM = """
[[team]]
key = "{key}"
uid = "{uid}"
name = "{key}"
numbers = ["{number}"]
state = "accredited"
registered = 2026-01-01
code_of_conduct = 2026-01-01
contact_confirmed = {confirmed}
groups = ["duty"]
pin = "{uid}1"
"""
ROSTER = TEAM.format(key="alpha", uid="1001", number="0301", confirmed="2026-11-01") + TEAM.format(
    key="bravo", uid="1002", number="0302", confirmed="2025-01-01"
)


def file(text, private=True):
    return {"text": text, "source": "roster.toml", "private": private}


async def history(store):
    """One alert of alpha's: bravo declined, then was reached and hung up early; charlie was not reached."""
    sound = Sound(b"\xd5" * 80000)
    digest = store.digest(sound)
    await store.commit(
        CallStarted(1, "in", "isdn.1", "0301", "4711", "caller:0301", "alert-in"),
        MessageRecorded(1, "alpha", 1, digest, "alaw", 80000),
        AlertConfirmed(1, 1, "alpha", 1, False, [Target("bravo"), Target("charlie"), Target("delta", "inactive")]),
        CallEnded(1, "completed", "", 60.0, 58.0),
        audio={digest: sound},
    )
    for call, team, outcome, counted in [
        (2, "bravo", "line-fault", False),
        (3, "bravo", "reached", True),
        (4, "charlie", "busy", True),
    ]:
        await store.commit(
            CallStarted(call, "out", "isdn.2", None, "0302", "campaign:1", "alert"),
            AttemptStarted(call, team, [1], 0, "0302", "isdn.2"),
        )
        if outcome == "reached":
            await store.commit(TeamReached(1, team, "pin", "duty", call), MessageHeard(1, team, call, 4.2, False))
        await store.commit(
            AttemptEnded(call, team, [1], outcome, counted, "detail"), CallEnded(call, "busy", "", 5.0, 0.0)
        )
    await store.commit(
        TeamNotReached(1, "charlie", "3 calls: busy, busy, busy"),
        SmsQueued(1, "notice", 1, "bravo", "0172", "text"),
        SmsTried(1, "gsm", "sent", "7"),
        AlertEnded(1, "complete"),
    )


def run(tmp_path, story, **settings):
    async def main():
        async with open_store(tmp_path, virtual_clock()) as store:
            site = Site(CONFIG, store, virtual_clock(), running=True, by="anna", **settings)
            await story(site)

    run_virtual(main())


def test_the_evidence_of_an_alert(tmp_path):
    async def story(site):
        await history(site.store)
        answer = await reports.alert(site, {"id": 1})
        assert answer.status == 1
        assert answer.data["teams"] == {
            "bravo": "reached by PIN, group duty, heard 4.2 s (not to the end)",
            "charlie": "NOT REACHED: 3 calls: busy, busy, busy",
            "delta": "not called: inactive",
        }
        text = plain(answer)
        assert "Alert 1 from alpha" in text
        assert "PIN of group duty" in text
        assert "4 s" in text
        assert "line-fault *" in text
        assert site.store.journal.head in text.replace("\n  ", "")
        assert max(map(len, text.splitlines())) <= 80
        with pytest.raises(CommandFailed, match="there is no alert 9"):
            await reports.alert(site, {"id": 9})

    run(tmp_path, story)


def test_lists(tmp_path):
    async def story(site):
        await history(site.store)
        assert [each["call"] for each in (await reports.calls(site, {"count": 3})).data] == [2, 3, 4]
        (grid,) = (await reports.alerts(site, {"count": 20})).parts
        assert grid.rows[0][2:] == ("alpha", "alert", "1", "1", "0", "complete")
        verified = await reports.verify_journal(site, {})
        assert verified.status == 0
        assert verified.data["head"] == site.store.journal.head

    run(tmp_path, story)


def test_a_roster_is_checked_without_changing_anything_and_then_loaded(tmp_path):
    async def story(site):
        checked = await changes.check_roster(site, {"file": file(ROSTER)})
        assert checked.data["called"] == 2
        assert site.store.roster.current().teams == ()
        loaded = await changes.load_roster(site, {"file": file(ROSTER), "set_pins": False})
        assert loaded.data["pins"] == [["alpha", ""], ["bravo", ""]]
        assert any("bravo: contact data was last confirmed on 2025-01-01" in each for each in loaded.parts)
        listed = await reports.roster(site, {})
        assert listed.data["excluded"] == {}

    run(tmp_path, story)


def test_a_bad_roster_changes_nothing(tmp_path):
    async def story(site):
        await changes.load_roster(site, {"file": file(ROSTER), "set_pins": False})
        before = site.store.roster.current()
        head = site.store.journal.head
        for bad in (file(ROSTER.replace("0302", "?")), file("x = = 1"), file(ROSTER, private=False)):
            with pytest.raises(CommandFailed, match="nothing has changed"):
                await changes.load_roster(site, {"file": bad, "set_pins": True})
        assert site.store.roster.current() == before
        assert site.store.journal.head == head

    run(tmp_path, story)


def test_pins(tmp_path):
    async def story(site):
        await changes.load_roster(site, {"file": file(ROSTER), "set_pins": False})
        own = (await changes.set_pin(site, {"team": "alpha", "group": ""})).data["pin"]
        assert re.fullmatch("[0-9]{5}", own)
        assert await site.store.credentials.verify("alpha", own)
        group = (await changes.set_pin(site, {"team": "alpha", "group": "duty"})).data["pin"]
        assert re.fullmatch("[0-9]{4}", group)
        assert await site.store.credentials.verify_group("alpha", group) == "duty"
        for wrong in ({"team": "nobody", "group": ""}, {"team": "alpha", "group": "boss"}):
            with pytest.raises(CommandFailed):
                await changes.set_pin(site, wrong)
        async for envelope in site.store.journal.records():
            assert own not in str(envelope.record) or "hash" in str(envelope.record)

    run(tmp_path, story)


def test_the_alarms_that_stand(tmp_path):
    async def story(site):
        quiet = await reports.alarms(site, {})
        assert (quiet.status, plain(quiet)) == (0, "No alarm stands.")
        await site.store.commit(AlarmRaised("a.b", "minor", "something"))
        assert (await reports.alarms(site, {})).status == 1
        await site.store.commit(AlarmRaised("c.d", "critical", "worse"))
        loud = await reports.alarms(site, {})
        assert loud.status == 2
        assert [each["key"] for each in loud.data] == ["a.b", "c.d"]
        assert re.search(r"critical +c\.d +worse", plain(loud))

    run(tmp_path, story)


def test_an_alarm_is_cleared_by_name(tmp_path):
    async def story(site):
        await site.store.commit(AlarmRaised("a.b", "major", "look"))
        with pytest.raises(CommandFailed, match=r"standing are: a\.b"):
            await changes.clear_alarm(site, {"key": "x"})
        await changes.clear_alarm(site, {"key": "a.b"})
        assert site.store.alarms.active() == []

    run(tmp_path, story)


def test_names_and_keys_of_the_table_are_unique_and_help_is_a_sentence():
    assert len(commands.BY_NAME) == len(commands.COMMANDS)
    for command in commands.COMMANDS:
        assert command.help.endswith(".")
        assert len({argument.key for argument in command.arguments}) == len(command.arguments)


def test_what_changes_the_box_is_for_root_and_needs_the_box():
    for command in commands.COMMANDS:
        if command.privilege is commands.Privilege.CHANGE:
            assert not command.without_box


def test_stale_contact_data_is_nothing_to_a_doubtful_clock(tmp_path):
    async def story(site):
        await changes.load_roster(site, {"file": file(ROSTER), "set_pins": False})
        site.clock.trust = ClockTrust.DOUBTFUL
        assert reports.contact_warnings(site.store.roster.current(), site.clock) == []

    run(tmp_path, story)
