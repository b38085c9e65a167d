"""The caller guide is what the menus give, and says everything that they offer."""

import pytest

from ivr import guide, inbound, mystate, playback, recording, settings
from ivr.limits import Limits

MENUS = [
    menu
    for module in (inbound, mystate, playback, recording, settings)
    for menu in vars(module).values()
    if isinstance(menu, guide.Menu)
]


def test_the_committed_guide_is_the_generated_one():
    assert guide.PATH.read_text(encoding="utf-8") == guide.guide(Limits()), "run `python -m ivr.guide`"


@pytest.mark.parametrize("menu", [m for m in MENUS if m is not recording.STORE_AGAIN], ids=lambda menu: menu.name)
def test_every_menu_is_in_it(menu):
    text = guide.guide(Limits())
    assert guide.table(menu) in text or f'{{"{menu.name}"}}' in text
    for choice in menu.choices:
        assert guide.label(choice.phrase) in text


def test_the_figures_follow_the_limits():
    text = guide.guide(Limits(attempts=4, first_digit_s=12, hold_s=48 * 3600))
    assert "You have 4 attempts in one call" in text
    assert "It waits 12 seconds for the first digit" in text
    assert "new for 48 hours" in text


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(1, "1 second"), (45, "45 seconds"), (60, "1 minute"), (90, "90 seconds"), (259200, "72 hours")],
)
def test_spans(seconds, words):
    assert guide.span(seconds) == words
