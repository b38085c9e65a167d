"""Hanging up at any moment is safe: the call is cut at each single operation, and nothing is lost or sent wrongly."""

import pytest

from storage.records import (
    AlertConfirmed,
    AlertEnded,
    CallEnded,
    MessageDiscarded,
    MessageHeard,
    MessageRecorded,
    PinSet,
    TeamReached,
)
from tests.ivr.fakecall import live
from tests.ivr.village import TEAMS, log_in, speech, team, village

STEPS = range(1, 37)
"""More than the longest of these calls has operations, which the tests check."""
ENGLISH = (TEAMS[0], team("beta", "1002", "+493022222"), *TEAMS[2:])


def cuts(play):
    """Play the scene cut at each operation, and once uncut; it must have come to its end by the last cut."""

    @pytest.mark.parametrize("cut_at", [*STEPS, None])
    def test(tmp_path, cut_at):
        async def scene():
            async with village(tmp_path, teams=ENGLISH) as v:
                call = await play(v, cut_at)
                assert cut_at is not None or call.operations < max(STEPS), call.operations
                ends = await v.records(CallEnded)
                if call.called and ends:
                    (ended,) = ends
                    assert ended.outcome in ("completed", "abandoned")
                    assert ended.duration_s >= ended.talk_s
                assert v.house.in_hand == set()

        live(scene())

    return test


@cuts
async def test_recording_and_sending(v, cut_at):
    said_sent = False

    async def person(call):
        nonlocal said_sent
        await log_in(call)
        await call.press("1")
        await call.speaks(speech())
        await call.press("5")
        await call.hears("real alert")
        await call.press("1")
        await call.hears("Your alert is stored")
        said_sent = True
        await call.hears("To record an alert")

    call = await v.call_in(person, cut_at=cut_at)
    confirmed, recorded = await v.records(AlertConfirmed), await v.records(MessageRecorded)
    drafts = await v.store.messages.drafts("alpha")
    assert len(drafts) + len(confirmed) == len(recorded) <= 1
    assert v.woken == [alert.alert for alert in confirmed]
    assert confirmed or not said_sent
    assert cut_at is not None or said_sent
    return call


@cuts
async def test_recording_again_and_discarding(v, cut_at):
    async def person(call):
        await log_in(call)
        await call.press("1")
        for key in "30":
            await call.speaks(speech())
            await call.press("5")
            await call.hears("real alert")
            await call.press(key)
        await call.hears("discarded")

    call = await v.call_in(person, cut_at=cut_at)
    recorded, gone = await v.records(MessageRecorded), await v.records(MessageDiscarded)
    drafts = [draft.id for draft in await v.store.messages.drafts("alpha")]
    assert len(drafts) <= 1
    assert sorted(drafts + [d.message for d in gone]) == sorted(r.message for r in recorded)
    assert await v.records(AlertConfirmed) == []
    return call


@cuts
async def test_playing_back(v, cut_at):
    alerts = [await v.alert("gamma"), await v.alert("gamma")]

    async def person(call):
        await log_in(call)
        await call.press("2")
        await call.hears("End of message")
        await call.press("6")
        await call.hears("End of message")
        await call.press("0")
        await call.hears("To record an alert")

    call = await v.call_in(person, cut_at=cut_at)
    heard = {h.message for h in await v.records(MessageHeard) if h.complete}
    reached = [r.alert for r in await v.records(TeamReached)]
    assert reached == [a for a in alerts if (await v.store.campaigns.get(a)).message in heard]
    return call


@cuts
async def test_ending_the_calling_with_a_recorded_all_clear(v, cut_at):
    alert = await v.alert()

    async def person(call):
        await log_in(call)
        await call.press("3")
        await call.hears("press nine")
        await call.press("9")
        await call.hears("has been ended")
        await call.hears("all-clear message")
        await call.press("1")
        await call.speaks(speech())
        await call.press("5")
        await call.hears("To send it to all teams")
        await call.press("1")
        await call.hears("stored")

    call = await v.call_in(person, cut_at=cut_at)
    ended = [e.alert for e in await v.records(AlertEnded)]
    assert ended in ([], [alert])
    assert v.cleared == ended
    all_clears = (await v.records(AlertConfirmed))[1:]
    assert [a.all_clear_of for a in all_clears] in ([], [alert])
    assert len(await v.store.messages.drafts("alpha")) + len(all_clears) == len(await v.records(MessageRecorded)) - 1
    return call


@cuts
async def test_changing_the_pin(v, cut_at):
    before = len(await v.records(PinSet))

    async def person(call):
        await log_in(call)
        await call.press("41")
        await call.hears("present PIN")
        await call.press("48213")
        await call.hears("new PIN,")
        await call.press("50728")
        await call.hears("once more")
        await call.press("50728")
        await call.hears("Your PIN is changed")

    call = await v.call_in(person, cut_at=cut_at)
    changed = len(await v.records(PinSet)) > before
    assert await v.store.credentials.verify("alpha", "50728" if changed else "48213")
    assert changed or "Your PIN is changed" not in call.text
    return call


@pytest.mark.parametrize("name", ["beta", "gamma"])
@pytest.mark.parametrize("cut_at", [*STEPS, None])
def test_a_call_out(tmp_path, name, cut_at):
    async def scene():
        async with village(tmp_path, teams=ENGLISH) as v:
            alerts = [await v.alert(sound=speech(5)), await v.alert()]

            async def person(call):
                await call.hears("with a message for")
                await call.press("1" if name == "beta" else "2468")
                await call.hears("stored")
                await call.hears("End of message")
                await call.press("0")
                await call.over()

            result, call = await v.call_out(person, name, alerts[:1], keys="1", cut_at=cut_at)
            reached = [r.alert for r in await v.records(TeamReached)]
            assert reached == (alerts if result.outcome == "reached" else [])
            assert result.outcome == ("reached" if reached else "hung-up")
            assert reached or "acknowledgement is stored" not in call.text
            for heard in await v.records(MessageHeard):
                assert reached
                assert heard.seconds <= 5
            if cut_at is None:
                assert call.operations < max(STEPS)
                assert [h.complete for h in await v.records(MessageHeard)] == [True, True]

    live(scene())
