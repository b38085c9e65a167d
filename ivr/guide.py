"""`python -m ivr.guide`: the caller guide, made from the menus, the phrases and the limits that callers meet.

A test compares the committed `docs/caller-guide.md` with what this gives.
"""

from __future__ import annotations

import re
from pathlib import Path

from ivr import inbound, mystate, outbound, playback, recording, settings
from ivr.limits import Limits
from ivr.menu import REPEAT, Menu
from ivr.prompts import available, load

PATH = Path("docs/caller-guide.md")
_KEY_CLAUSE = re.compile(r",? ?press \{key:key\}\.?")


def label(phrase: str) -> str:
    """What a choice does, from the phrase that offers it: `To record an alert, press {key:key}.` -> `to record an alert`."""
    text = load("en").phrases[phrase]
    assert isinstance(text, str)
    short = _KEY_CLAUSE.sub("", text).strip()
    return short[:1].lower() + short[1:]


def table(menu: Menu) -> str:
    """A menu as a Markdown table."""
    rows = [f"| `{choice.key}` | {label(choice.phrase)} |" for choice in menu.choices]
    return "\n".join(["| Key | What it is for |", "|---|---|", *rows])


def figure(*edges: str) -> str:
    """A Mermaid flow chart."""
    return "\n".join(["```mermaid", "flowchart TD", *(f"    {edge}" for edge in edges), "```"])


def tree(menu: Menu, node: str, before: str = "") -> str:
    """A menu as a figure: every key and what it is for; a key that says the menu again leads back to it."""
    edges = [before] if before else []
    edges.append(f'{node}{{"{menu.name}"}}')
    for choice in menu.choices:
        if choice.action == REPEAT:
            edges.append(f'{node} -->|"{choice.key} {label(choice.phrase)}"| {node}')
        else:
            edges.append(f'{node} -->|"{choice.key}"| {node}_{choice.action}["{label(choice.phrase)}"]')
    return figure(*edges)


def span(seconds: float) -> str:
    """Seconds as people say them."""
    for unit, name in ((3600, "hour"), (60, "minute"), (1, "second")):
        if seconds >= unit and (seconds % unit == 0 or unit == 1):
            if name == "hour" and seconds < 7200:
                continue
            count = f"{seconds / unit:g}"
            return f"{count} {name}{'' if count == '1' else 's'}"
    return f"{seconds:g} seconds"


def guide(limits: Limits) -> str:
    """The whole guide in Markdown, with these limits."""
    parts = (_start, _login, _main, _record, _play_back, _state, _settings, _call_out)
    return "\n\n".join(part(limits).strip() for part in parts) + "\n"


def _start(limits: Limits) -> str:
    languages = ", ".join(load(code).name for code in available())
    return f"""
# Caller guide

<!-- Made by `python -m ivr.guide` from the menus and phrases of the box. Change those, not this file. -->

What a team needs is a telephone with keys. Everything below is spoken by the box as well, in the language of your team
(there are: {languages}). The figures in this guide are the box's defaults; your service may have others.

Whatever you do, you may hang up at any moment. Nothing is sent that you have not sent, and nothing that you have recorded
is lost. Any key stops the box while it explains a menu; you need not hear it to the end. A menu to which you say nothing is
repeated; after {limits.menu_rounds} times the box takes its leave. `#` has no meaning: it may follow any entry.

For every call the box keeps date, time, duration, the number of the caller (if it is presented), the number called, and
how the call ended."""


def _login(limits: Limits) -> str:
    digits = limits.uid_digits + limits.pin_digits
    put_through = str(load("en").phrases["challenge"]).replace("{key:key}", "five")
    picture = figure(
        'call["The box answers and names the service"] --> enter',
        f'enter["UID and PIN: {digits} digits in one string"] --> right{{"accepted?"}}',
        'right -->|"yes"| draft{"a recording was left unsent?"}',
        'draft -->|"no"| main["Main menu"]',
        'draft -->|"yes"| offer["It is offered: send, listen, discard, keep"] --> main',
        'right -->|"no"| third{"third attempt?"}',
        'third -->|"no"| enter',
        'third -->|"yes"| goodbye["Goodbye"]',
    )
    return f"""
## Calling the box

The box answers and asks for your UID ({limits.uid_digits} digits) and your PIN ({limits.pin_digits} digits), as one string of
{digits} digits without a break. You may begin while it still speaks. It waits {span(limits.first_digit_s)} for the first digit
and {span(limits.next_digit_s)} for each further one. `*` starts your entry over. You have {limits.attempts} attempts in one call.

{picture}

The answer comes {span(limits.login_reply_s)} after the last digit. It does not tell whether the UID or the PIN was wrong.

**Call from a telephone that your team has registered if you can**, with its number presented. There you always have your
{limits.attempts} attempts, whatever anybody else does; after many wrong entries the answer only comes more slowly (up to about
{span(limits.own_spacing_s)} later). From any other telephone wrong entries are counted:

* one telephone may make {limits.caller_tries} wrong entries, then one more every {span(limits.caller_refill_s)};
  all telephones that hide their number count as one;
* for one team {limits.team_tries} wrong entries from elsewhere are looked at, then one more every
  {span(limits.team_refill_s)}; in between even the right PIN is not accepted there;
* all such telephones together may make {limits.all_tries} wrong entries, then one more every {span(limits.all_refill_s)}.

While calls of one network look like an attack, your service may have the box ask callers of that network for a key first:
"{put_through}". Press the key that it names within {span(limits.challenge_wait_s)}; after a wrong one it names another, once.
From a registered telephone you are not asked.

So nobody can lock you out for long, and nobody can guess a PIN in useful time. Calls from the box to the teams are never
affected by any of this."""


def _main(limits: Limits) -> str:
    return f"""
## The main menu

{tree(inbound.MAIN_MENU, "main")}"""


def _record(limits: Limits) -> str:
    return f"""
## Recording and sending an alert

After an announcement and a beep, speak: at most {span(limits.recording_s)}. Any key ends the recording. Do not try to be perfect:
an alert that goes out soon is worth more. Reading aloud what you wrote for the e-mail is a good way.

{tree(recording.CONFIRM, "confirm", 'beep["Announcement, beep, recording"] --> confirm')}

Nothing is sent without `1` or `4`. If the box finds the recording silent, or shorter than
{span(limits.short_recording_s)}, it says so, and you decide.

When you hear that your alert is stored, it is safe even from a power cut, and the calls to the other teams begin within
three seconds. If the box cannot store it, it says so; then nothing has been sent, and you may try again.

If the call drops before you have pressed `1` or `4`, the recording is kept, and offered when your team logs in next:

{table(recording.DRAFT)}"""


def _play_back(limits: Limits) -> str:
    return f"""
## Playing back messages

You hear how many new messages there are, or that there is none. A message is new for {span(limits.hold_s)}, long enough
for a week-end; then it is archived. For each you hear whether it is an alert or an exercise, which team it is from, date
and time, and then the message itself. The first is the first one that your team has not heard yet.

{tree(playback.PLAY_BACK, "after")}

These keys work during a message, too. A message that you have heard to its end counts as received: your team is not called
for it any more."""


def _state(limits: Limits) -> str:
    return f"""
## The state of your alert

How many teams have been reached, how many could not be reached, how many are still being called.

{tree(mystate.STATE, "state")}

`9` ends the calling early, for instance when the alarm was false: the calls stop at once. Then you may send an all-clear in
your own words to all teams, those already reached included:

{table(mystate.ALL_CLEAR)}

It is recorded like an alert and announced as an all-clear:

{table(recording.CONFIRM_ALL_CLEAR)}"""


def _settings(limits: Limits) -> str:
    return f"""
## Your own settings

{tree(settings.SETTINGS, "settings")}

To change your PIN, enter the present one, then the new one twice. A PIN of equal digits, of digits in a row, or one that
holds your UID is not accepted. You change the PIN that your team calls in with; PINs for receiving alerts are given out
by the management.

The spoken name is what other teams hear when the box names you. Say it clearly, at most {span(limits.name_recording_s)}:

{table(settings.NAME)}"""


def _call_out(limits: Limits) -> str:
    simple = figure(
        'welcome["Welcome: the service, a message for your team"] --> key{"key?"}',
        f'key -->|"{outbound.ACKNOWLEDGE}"| stored["Your acknowledgement is stored"]',
        'stored --> message["Sender, alert or exercise, date and time, message"] --> after["Menu after the message"]',
        f'key -->|"{outbound.DECLINE}"| other["The team\'s next number is called"]',
        f'key -->|"none for {span(limits.welcome_s)}"| later["Called again later"]',
        'key -->|"any other"| welcome',
    )
    by_pin = figure(
        f'welcome["Welcome: the service, a message for your team"] --> pin{{"PIN of {limits.group_pin_digits} digits?"}}',
        'pin -->|"right"| stored["Your acknowledgement is stored, with the group of the PIN"]',
        'stored --> message["Sender, alert or exercise, date and time, message"] --> after["Menu after the message"]',
        'pin -->|"wrong"| third{"third attempt?"}',
        'third -->|"no"| welcome',
        'third -->|"yes"| later["Goodbye; called again later"]',
        f'pin -->|"{outbound.DECLINE} alone"| other["The team\'s next number is called"]',
        f'pin -->|"none for {span(limits.welcome_s)}"| later',
    )
    return f"""
## When the box calls you

The box calls day and night, every team in turn, and lets your telephone ring for {span(limits.ring_s)}. If nobody takes the call,
or the line is busy, it calls the next team at once, and you again later: at most {limits.calls_per_team} times for one alert,
with at least {span(limits.gap_s)} between two calls. If you have registered a mobile number you get a short message as well.

When you answer, the box repeats its welcome until you press a key or hang up, for {span(limits.welcome_s)} at most. Only what is
shown here has an effect: nothing else counts as received, least of all an answering machine. What was pressed before the
welcome began is forgotten.

### Simple acknowledgement

{simple}

### Acknowledgement and authorisation

Some teams receive alerts only with a PIN of {limits.group_pin_digits} digits. There may be several, one for each group of
people, and the report says which group has received the alert. You have {limits.attempts} attempts. `*` starts an entry over; an
entry that you do not finish is no attempt. A `{outbound.DECLINE}` with nothing after it declines.

{by_pin}

### After the message

{tree(playback.AFTER_ALERT, "after")}

All alerts that wait for your team are played in the same call, one after the other. Once you have acknowledged you may
hang up at any time; the report says how many seconds you have heard, and the messages can be played back on a call in."""


def main() -> None:
    """Write the guide with the default limits."""
    PATH.parent.mkdir(exist_ok=True)
    PATH.write_text(guide(Limits()), encoding="utf-8")


if __name__ == "__main__":
    main()
