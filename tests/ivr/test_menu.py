"""Menus: keys, silence, repetition; and entries of digits."""

import asyncio

import pytest

from ivr.limits import Limits
from ivr.menu import REPEAT, Choice, Menu, Silent, Talk
from tests.ivr.fakecall import FakeCall, live
from tests.ivr.village import catalogue

MENU = Menu(
    "Try",
    (
        Choice("1", "send", "choose_send"),
        Choice("0", "discard", "choose_discard"),
        Choice("*", REPEAT, "choose_repeat"),
    ),
)


def ask(*keys, without=()):
    """What `ask` returns when these keys come (a number is a pause in seconds), and what was said."""

    async def scene():
        call = FakeCall()
        talk = Talk(call, catalogue()("en"), Limits())

        async def person():
            for key in keys:
                if isinstance(key, str):
                    await call.press(key)
                else:
                    await asyncio.sleep(key)

        pressing = asyncio.create_task(person())
        try:
            return await talk.ask(MENU, without=without), call.text
        except Silent:
            return Silent, call.text
        finally:
            pressing.cancel()

    return live(scene())


def test_the_menu_speaks_its_keys():
    _, said = ask(20, "1")
    assert said.startswith(
        "To send it as a real alert, press one To discard it, press zero To hear this again, press star"
    )


def test_a_key_chooses_at_once():
    assert ask("1") == ("send", "To send it as a real alert, press")
    assert ask("0")[0] == "discard"


def test_star_says_it_again_as_often_as_wanted():
    action, said = ask(*(["*", 5] * 6), "1")
    assert action == "send"
    assert said.count("real alert") == 7


def test_a_key_without_meaning_is_said_to_be_one():
    action, said = ask("7", 3, "1")
    assert action == "send"
    assert "There is nothing on that key." in said


def test_hash_is_passed_over():
    action, said = ask("#", 3, "##", "1")
    assert action == "send"
    assert "nothing on that key" not in said


def test_silence_ends_it_after_three_rounds():
    action, said = ask()
    assert action is Silent
    assert said.count("real alert") == 3


def test_a_stuck_key_ends_it_too():
    assert ask("7777777")[0] is Silent


def test_what_is_left_out_is_neither_said_nor_taken():
    action, said = ask("0", 1, "1", without={"discard"})
    assert action == "send"
    assert "discard" not in said


def test_a_menu_with_a_key_twice_is_refused():
    with pytest.raises(ValueError, match="twice"):
        Menu("Bad", (Choice("1", "a", "choose_send"), Choice("1", "b", "choose_discard")))
    with pytest.raises(ValueError, match="offered"):
        Menu("Bad", (Choice("#", "a", "choose_send"),))
