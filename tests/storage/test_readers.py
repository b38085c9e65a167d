"""What the stores tell of an alert, from the recording to the last try."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from hal.audio.sound import Encoding, Sound
from storage import Stamp, StorageError, Store
from storage import records as r
from tests.storage.support import FakeClock, open_store, sound

HOUR = 3600.0


async def record_message(store: Store, team: str, seed: int = 0) -> int:
    audio, message = sound(seed), store.new_id("message")
    digest = Store.digest(audio)
    await store.commit(r.MessageRecorded(message, team, 1, digest, "alaw", audio.samples), audio={digest: audio})
    return message


async def send(store: Store, team: str, *targets: str, seed: int = 0, exercise: bool = False) -> int:
    message, alert = await record_message(store, team, seed), store.new_id("alert")
    await store.commit(r.AlertConfirmed(alert, message, team, 1, exercise, [r.Target(key) for key in targets]))
    return alert


async def attempt(store: Store, team: str, alerts: list[int], outcome: str | None, *, counted: bool = True) -> int:
    call = store.new_id("call")
    await store.commit(
        r.CallStarted(call, "out", "isdn.1", None, "0301", "campaign:1", "alert"),
        r.AttemptStarted(call, team, alerts, 0, "0301", "isdn.1"),
    )
    if outcome:
        ended = r.AttemptEnded(call, team, alerts, outcome, counted, "detail")
        await store.commit(ended, r.CallEnded(call, "completed", "", 9.0, 5.0))
    return call


def test_a_message_from_draft_to_archive(tmp_path: Path) -> None:
    async def main() -> None:
        clock = FakeClock()
        store = await open_store(tmp_path, clock=clock)
        kept, dropped = await record_message(store, "a", 1), await record_message(store, "a", 2)
        assert [m.id for m in await store.messages.drafts("a")] == [kept, dropped]
        assert await store.messages.drafts("b") == []
        await store.commit(r.MessageDiscarded(dropped, "by the caller"))
        await store.commit(r.AlertConfirmed(1, kept, "a", 1, True, [r.Target("b")]))
        assert await store.messages.drafts("a") == []

        message = await store.messages.get(kept)
        assert message is not None
        assert (message.state, message.alert, message.exercise, message.samples) == ("sent", 1, True, 8000)
        assert await store.messages.sound(kept) == sound(1)
        assert await store.messages.get(99) is None

        assert await store.messages.new_for("a", clock.now) == [], "one's own is not new"
        assert [(m.id, m.heard) for m in await store.messages.new_for("b", clock.now)] == [(kept, False)]
        await store.commit(r.MessageHeard(kept, "b", 2, 0.4, False))
        assert [m.heard for m in await store.messages.new_for("b", clock.now)] == [False], "not to its end"
        await store.commit(r.MessageHeard(kept, "b", 3, 1.0, True), r.MessageHeard(kept, "b", 4, 0.1, False))
        assert [m.heard for m in await store.messages.new_for("b", clock.now)] == [True]
        assert [m.heard for m in await store.messages.new_for("c", clock.now)] == [False]
        assert await store.messages.new_for("b", clock.now + 73 * HOUR) == [], "archived"
        assert len(await store.messages.new_for("b", clock.now - 1000 * HOUR)) == 1, "a clock gone back hides nothing"
        assert await store.messages.sound(kept) == sound(1), "archived is not deleted"
        await store.close()

    asyncio.run(main())


def test_audio_is_kept_bit_for_bit_in_every_encoding(tmp_path: Path) -> None:
    async def main() -> None:
        store = await open_store(tmp_path)
        for encoding in Encoding:
            audio = Sound(bytes(range(256)) * 10, encoding, "a caption")
            digest = Store.digest(audio)
            await store.commit(r.SpokenNameRecorded(encoding.value, digest), audio={digest: audio})
            assert await store.messages.spoken_name(encoding.value) == audio
        assert await store.messages.spoken_name("nobody") is None
        with pytest.raises(LookupError):
            await store.messages.sound(1)
        await store.close()

    asyncio.run(main())


def test_no_record_without_its_audio_and_no_audio_under_a_wrong_name(tmp_path: Path) -> None:
    async def main() -> None:
        store = await open_store(tmp_path)
        digest = Store.digest(sound(1))
        record = r.MessageRecorded(1, "a", 1, digest, "alaw", 8000)
        with pytest.raises(ValueError, match="is not there"):
            await store.commit(record)
        with pytest.raises(ValueError, match="another digest"):
            await store.commit(record, audio={digest: sound(2)})
        await store.commit(record, audio={digest: sound(1)})
        await store.close()

    asyncio.run(main())


def test_damaged_audio_is_never_played(tmp_path: Path) -> None:
    async def main() -> None:
        store = await open_store(tmp_path)
        message = await record_message(store, "a", 1)
        await store._database.write(lambda db: db.execute("update audio set data = zeroblob(8000)"))
        with pytest.raises(StorageError, match="damaged"):
            await store.messages.sound(message)
        await store.close()

    asyncio.run(main())


def test_audio_expires_and_history_does_not(tmp_path: Path) -> None:
    async def main() -> None:
        clock = FakeClock()
        store = await open_store(tmp_path, clock=clock)
        old, running = await send(store, "a", "b", seed=1), await send(store, "a", "b", seed=2)
        await store.commit(r.AlertEnded(old, "complete"))
        draft, dropped = await record_message(store, "a", 3), await record_message(store, "a", 4)
        await store.commit(r.MessageDiscarded(dropped, "by the caller"))
        clock.now += 100 * HOUR
        recent = await send(store, "a", "b", seed=5)
        await store.commit(r.AlertEnded(recent, "complete"))
        name = Store.digest(sound(6))
        await store.commit(r.SpokenNameRecorded("a", name), audio={name: sound(6)})

        assert await store.messages.expire(clock.now - 50 * HOUR) == 2
        gone = []
        for message in range(1, 6):
            try:
                await store.messages.sound(message)
            except LookupError:
                gone.append(message)
        assert gone == [old, dropped]
        assert await store.messages.spoken_name("a") == sound(6)
        assert (running, draft) == (2, 3)
        assert (await store.journal.verify()).ok
        assert await store.messages.get(old) is not None
        await store.close()

    asyncio.run(main())


@pytest.mark.parametrize("again", [False, True])
def test_a_campaign_tells_who_was_reached_and_every_try(tmp_path: Path, again: bool) -> None:
    async def main() -> None:
        store = await open_store(tmp_path)
        alert = await send(store, "a", "b", "c", "d")
        first = await attempt(store, "b", [alert], "busy")
        fault = await attempt(store, "c", [alert], "line-fault", counted=False)
        second = await attempt(store, "b", [alert], "reached")
        await store.commit(r.TeamReached(alert, "b", "pin", "ops", second), r.MessageHeard(1, "b", second, 0.5, False))
        await store.commit(r.TeamReached(alert, "b", "playback", "", 99))
        await store.commit(r.TeamNotReached(alert, "c", "three calls"), r.TeamNotReached(alert, "b", "three calls"))
        cut_off = await attempt(store, "d", [alert], None)
        if again:  # after a restart, all is as before
            await store.close()
            store = await open_store(tmp_path)
        [campaign] = await store.campaigns.open()
        assert campaign == await store.campaigns.get(alert)
        assert [target.team for target in campaign.targets] == ["b", "c", "d"]
        tries = [(a.call, a.team, a.outcome, a.counted, a.ended is None) for a in campaign.attempts]
        assert tries == [
            (first, "b", "busy", True, False),
            (fault, "c", "line-fault", False, False),
            (second, "b", "reached", True, False),
            (cut_off, "d", None, True, True),
        ]
        assert campaign.not_reached == {"c": "three calls"}
        reached = campaign.reached["b"]
        assert (reached.how, reached.group, reached.call, reached.heard_s) == ("pin", "ops", second, 0.5), (
            "the first time"
        )
        started, ended = campaign.attempts[0].started, campaign.attempts[0].ended
        assert ended is not None
        assert started < ended
        assert isinstance(started, Stamp)
        assert started.boot == "boot-1"

        await store.commit(r.TeamReached(alert, "c", "playback", "", 99))
        await store.commit(r.AlertEnded(alert, "all-clear", "a"), r.AlertEnded(alert, "complete"))
        ended_campaign = await store.campaigns.get(alert)
        assert ended_campaign is not None
        assert ended_campaign.not_reached == {}, "reached after all"
        assert (ended_campaign.ended, ended_campaign.ended_by) == ("all-clear", "a")
        assert await store.campaigns.open() == []
        await store.close()

    asyncio.run(main())


def test_campaigns_are_found_by_age_and_by_sender_and_share_a_call(tmp_path: Path) -> None:
    async def main() -> None:
        store = await open_store(tmp_path)
        alerts = [await send(store, sender, "x", seed=n) for n, sender in enumerate("aba")]
        call = await attempt(store, "x", alerts, "reached")
        assert [c.alert for c in await store.campaigns.recent(2)] == [3, 2]
        assert [c.alert for c in await store.campaigns.by_sender("a")] == [3, 1]
        assert [c.alert for c in await store.campaigns.open()] == [1, 2, 3]
        for campaign in await store.campaigns.open():
            assert [a.call for a in campaign.attempts] == [call]
            assert campaign.attempts[0].alerts == (1, 2, 3)
        assert await store.campaigns.get(9) is None
        await store.close()

    asyncio.run(main())


def test_nothing_is_confirmed_twice_or_out_of_nothing(tmp_path: Path) -> None:
    async def main() -> None:
        store = await open_store(tmp_path)
        await send(store, "a", "b")
        dropped = await record_message(store, "a", 1)
        await store.commit(r.MessageDiscarded(dropped, "by the caller"))
        for alert, message in ((2, 1), (2, dropped), (2, 99)):
            with pytest.raises(ValueError, match="as a draft"):
                await store.commit(r.AlertConfirmed(alert, message, "a", 1, False, []))
        for record in (
            r.TeamReached(9, "b", "key", "", 1),
            r.AlertEnded(9, "complete"),
            r.SmsTried(9, "gsm", "sent", ""),
            r.AttemptEnded(9, "b", [1], "busy", True),
            r.MessageDiscarded(1, "too late: it was sent"),
        ):
            with pytest.raises(ValueError, match="history"):
                await store.commit(record)
        await store.close()

    asyncio.run(main())


def test_calls_and_what_a_crash_leaves_of_them(tmp_path: Path) -> None:
    async def main() -> None:
        store = await open_store(tmp_path)
        await store.commit(r.CallStarted(1, "in", "gsm", "+49151", "4711", "caller", "alert"))
        await store.commit(r.CallAnswered(1))
        await store.commit(r.LoginTried(1, "+49151", None, False), r.LoginTried(1, "+49151", "a", True))
        await store.commit(r.CallStarted(2, "out", "isdn.1", None, "030", "campaign:1", "alert"))
        assert [call.id for call in await store.calls.unfinished()] == [1, 2]
        await store.commit(r.CallEnded(1, "completed", "fine", 12.5, 10.0))
        assert [call.id for call in await store.calls.unfinished()] == [2]
        call = await store.calls.get(1)
        assert call is not None
        assert (call.source, call.target, call.outcome, call.duration_s, call.talk_s) == (
            "+49151", "4711", "completed", 12.5, 10.0,
        )  # fmt: skip
        assert call.answered is not None
        assert call.ended is not None
        assert call.started < call.answered < call.ended
        assert [c.id for c in await store.calls.recent(1)] == [2]
        assert await store.calls.get(7) is None
        logins = await store.calls.login_history(0.0)
        assert [(login.caller, login.team, login.ok) for login in logins] == [
            ("+49151", None, False),
            ("+49151", "a", True),
        ]
        assert await store.calls.login_history(logins[-1].wall + 1) == []
        await store.close()

    asyncio.run(main())


def test_the_queue_of_short_messages(tmp_path: Path) -> None:
    async def main() -> None:
        store = await open_store(tmp_path)
        for sms in range(1, 6):
            await store.commit(
                r.SmsQueued(store.new_id("sms"), "notice", 1 if sms < 5 else None, "a", "+49151", "text")
            )
        for sms, outcome in ((1, "sent"), (2, "failed"), (3, "given-up"), (4, "unknown")):
            await store.commit(r.SmsTried(sms, "gsm", outcome, "+CMS ERROR: 500"))
        assert [(sms.id, sms.state, sms.tries) for sms in await store.sms.pending()] == [
            (2, "failed", 1),
            (5, "queued", 0),
        ]
        assert [sms.state for sms in await store.sms.for_alert(1)] == ["sent", "failed", "given-up", "unknown"]
        found = await store.sms.get(2)
        assert found is not None
        assert (found.device, found.detail) == ("gsm", "+CMS ERROR: 500")
        await store.close()

    asyncio.run(main())


@pytest.mark.parametrize("again", [False, True])
def test_alarms_settings_and_lines_are_known_without_asking_the_disk(tmp_path: Path, again: bool) -> None:
    async def main() -> None:
        store = await open_store(tmp_path)
        assert store.stopped_cleanly, "a new box was never stopped badly"
        await store.commit(r.BoxStarted("1", True))
        await store.commit(r.AlarmRaised("disk", "minor", "90 % full"), r.AlarmRaised("line", "major", "silent"))
        since = store.alarms.active()[0].since
        await store.commit(r.AlarmRaised("disk", "critical", "full"), r.AlarmCleared("line"), r.AlarmCleared("never"))
        await store.commit(r.SettingChanged("gap", "1", "anna"), r.SettingChanged("gap", "2", "anna"))
        await store.commit(r.LineChanged("isdn.1", False, "three faults"))
        if again:
            await store.close()
            store = await open_store(tmp_path)
            assert not store.stopped_cleanly
        [alarm] = store.alarms.active()
        assert (alarm.key, alarm.severity, alarm.text, alarm.since) == ("disk", "critical", "full", since)
        assert store.alarms.get("line") is None
        assert store.settings.get("gap") == "2"
        assert store.settings.get("other", "default") == "default"
        assert store.settings.all() == {"gap": "2"}
        assert not store.lines["isdn.1"].in_service
        await store.commit(r.BoxStopped("by request"))
        await store.close()
        store = await open_store(tmp_path)
        assert store.stopped_cleanly
        await store.close()

    asyncio.run(main())
