"""Every call in leaves one record: date, time, duration, source, target, line, originator and outcome."""

from __future__ import annotations

import pytest

from tests.flows.call_in.people import GSM_LINE, ISDN_LINE, PAIR, VOICE_LINE, log_in
from tests.support.box import Town


@pytest.mark.parametrize(
    ("kind", "presented"),
    [(ISDN_LINE, True), (ISDN_LINE, False), (GSM_LINE, True), (VOICE_LINE, True), (VOICE_LINE, False)],
)
def test_all_of_it(play, kind, presented):
    async def story(town: Town) -> None:
        phone = town.phone("alpha")
        phone.present_number = presented
        begun, begun_wall = town.clock.monotonic(), town.clock.wall()
        async with town.call_in("alpha", kind.number) as call:
            await log_in(town, call)
            await call.wait(5.0)
            heard_s = len(call.heard) / 8000
        over = town.clock.monotonic()
        await town.free()
        (record,) = await town.box.store.calls.recent(9)
        assert record.direction == "in"
        assert record.source == (phone.number if presented else None)
        assert record.target == kind.number
        assert record.line == ("isdn.1" if kind.name == "isdn" else kind.name)
        assert record.originator == f"caller:{phone.number if presented else 'no number'}"
        assert record.account == "alert-in"
        assert record.outcome == "completed"
        assert "alpha" in record.detail
        assert begun <= record.started.mono <= begun + 5
        assert record.started.wall - begun_wall == pytest.approx(record.started.mono - begun, abs=0.01)
        # An analogue line learns only from the tone that follows that the other side has gone.
        settle_s = 8.0 if kind.name == "voice" else 1.0
        assert over <= record.ended.mono <= over + settle_s
        assert record.talk_s == pytest.approx(heard_s, abs=settle_s)
        assert record.duration_s == pytest.approx(record.ended.mono - record.started.mono, abs=0.01)
        assert record.talk_s <= record.duration_s

    play(story, members=PAIR, config=kind.config)


@pytest.mark.parametrize(
    ("kind", "entered", "outcome"),
    [(ISDN_LINE, None, "abandoned"), (VOICE_LINE, None, "abandoned"), (ISDN_LINE, "100199999", "login-failed")],
)
def test_of_those_who_are_not_let_in(play, kind, entered, outcome):
    async def story(town: Town) -> None:
        async with town.call_in("alpha", kind.number) as call:
            await call.hears("your U I D")
            for _ in range(3 if entered else 0):
                await call.press(entered)
                await call.hears("nicht angenommen", within=10)
            if entered:
                assert await call.ends(within=15)
        await town.free()
        (record,) = await town.box.store.calls.recent(9)
        assert record.outcome == outcome
        assert record.source == town.members["alpha"].number

    play(story, members=PAIR, config=kind.config)


def test_the_technician_sees_it(play):
    async def story(town: Town) -> None:
        async with town.call_in("alpha") as call:
            await log_in(town, call)
        await town.free()
        answer = await town.command("calls")
        text = " ".join(str(part) for part in answer.parts)
        for word in (town.members["alpha"].number, "isdn.1", "completed"):
            assert word in text

    play(story, members=PAIR)
