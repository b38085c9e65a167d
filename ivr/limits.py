"""Every limit of the alert function, with its default, in one frozen dataclass. Configuration parses into it."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of conversations, campaigns and login back-off. Fields that end in `_s` are seconds; others are counts.

    Raises `ValueError`, naming the field, where a value makes no sense. `WHOLE` lists the fields that are whole numbers.
    """

    # --- who calls in
    uid_digits: int = 4
    """Digits of a team's UID, 1..8. UID and PIN together are always nine digits."""
    pin_digits: int = 5
    """Digits of a team's own PIN, 1..8."""
    first_digit_s: float = 10.0
    """Seconds of silence after a prompt for digits, before the first of them."""
    next_digit_s: float = 5.0
    """Seconds from one digit to the next."""
    attempts: int = 3
    """Tries to enter UID and PIN in one call in, or a group PIN in one call out."""
    challenge_wait_s: float = 5.0
    """Seconds of silence after the key was named that a caller must press while calls of a network look like an attack."""
    login_reply_s: float = 2.0
    """Seconds from the ninth digit to the answer, right or wrong: longer than checking a PIN takes, so that time tells nothing."""

    # --- back-off over calls: see `ivr.backoff` for what they add up to
    caller_tries: int = 6
    """Wrong logins that one telephone (or all telephones that hide their number) may make at once."""
    caller_refill_s: float = 1800.0
    """Seconds after which such a telephone may make one more."""
    team_tries: int = 6
    """Wrong logins for one team, from telephones not registered as its own, at once."""
    team_refill_s: float = 600.0
    """Seconds after which one more is looked at."""
    all_tries: int = 30
    """Wrong logins of all unregistered telephones together, at once."""
    all_refill_s: float = 120.0
    """Seconds after which one more is allowed."""
    own_tries: int = 6
    """Wrong logins from a team's registered number before answers come slowly. They always come."""
    own_spacing_s: float = 60.0
    """Then: least seconds between two answers to logins from that number."""

    all_own_tries: int = 30
    """Wrong logins within an hour from all registered numbers together before all their answers come slowly."""
    all_own_spacing_s: float = 20.0
    """Then: least seconds between two answers to logins from any of them."""

    # --- menus and recordings
    menu_wait_s: float = 8.0
    """Seconds of silence after a menu before it is said again."""
    menu_rounds: int = 3
    """Times that a menu is said before the box takes its leave of a silent caller."""
    recording_s: float = 120.0
    """Longest message, in seconds."""
    short_recording_s: float = 1.0
    """A recording shorter than this is said to be very short."""
    silent_dbm0: float = -45.0
    """A recording whose loudest 100 ms stay below this level (dBm0) is said to seem silent."""
    name_recording_s: float = 6.0
    """Longest recording of a team's spoken name, in seconds."""
    hold_s: float = 72 * 3600.0
    """Seconds for which a message is new; then it is archived, and calling for it, if it still goes on, is given up loudly."""

    # --- calls out
    ring_s: float = 45.0
    """Seconds of ringing before a call counts as not answered."""
    calls_per_team: int = 3
    """Calls to one team for one alert, at most. What the line did wrong is not one of them."""
    gap_s: float = 300.0
    """Least seconds between the end of one call to a team and the start of the next for the same alert."""
    welcome_s: float = 60.0
    """Seconds for which the welcome of a call out is repeated."""
    welcome_pause_s: float = 2.0
    """Seconds of silence between two welcomes of a call out."""
    group_pin_digits: int = 4
    """Digits of an authorisation PIN (calls out), 1..8."""

    def __post_init__(self) -> None:
        for name in fields(self):
            value = getattr(self, name.name)
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise ValueError(f"{name.name} = {value!r} is not a number")
            if name.name in WHOLE and not isinstance(value, int):
                raise ValueError(f"{name.name} = {value!r} is not a whole number")
            if name.name in MAY_BE_ZERO:
                if not 0 <= value < float("inf"):
                    raise ValueError(f"{name.name} = {value!r} is not a finite number of zero or more")
            elif name.name != "silent_dbm0" and not 0 < value < float("inf"):
                raise ValueError(f"{name.name} = {value!r} is not a finite number above zero")
        for name_of_digits in ("uid_digits", "pin_digits", "group_pin_digits"):
            if not 1 <= getattr(self, name_of_digits) <= 8:
                raise ValueError(f"{name_of_digits} = {getattr(self, name_of_digits)} is outside 1..8")
        if self.uid_digits + self.pin_digits != 9:
            raise ValueError(f"uid_digits + pin_digits = {self.uid_digits + self.pin_digits}, and must be 9")
        if not -70.0 <= self.silent_dbm0 <= 0.0:
            raise ValueError(f"silent_dbm0 = {self.silent_dbm0} is outside -70..0")
        if self.recording_s > 600:
            raise ValueError(f"recording_s = {self.recording_s} is more than 600")


WHOLE = frozenset(
    {
        "uid_digits",
        "pin_digits",
        "attempts",
        "caller_tries",
        "team_tries",
        "all_tries",
        "own_tries",
        "all_own_tries",
        "menu_rounds",
        "calls_per_team",
        "group_pin_digits",
    }
)
"""Fields that hold whole numbers."""

MAY_BE_ZERO = frozenset(
    {"gap_s", "login_reply_s", "own_spacing_s", "all_own_spacing_s", "welcome_pause_s", "short_recording_s"}
)
"""Fields that may be zero; all others are above it."""
