"""From which network a call comes: by the number that was called, by the line, or as far as possible by the caller.

The first two are configured and certain. The caller's number is a fallback that can tell mobile from fixed networks by the
numbering plan (`phonenumbers`, Google's libphonenumber), but never VoIP: numbers of VoIP callers are ordinary ones, where they
are not made up (the paper, section 3.1). A call without a number, or with a foreign or unknown one, counts as fixed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import phonenumbers

from appliance.monitor.overload.events import MOBILE, PSTN


def by_caller(number: str, country: str) -> str:
    """`mobile` or `pstn`. `country` (ISO 3166-1) is that of numbers without an international prefix."""
    try:
        kind = phonenumbers.number_type(phonenumbers.parse(number, country))
    except phonenumbers.NumberParseException:
        return PSTN
    return MOBILE if kind == phonenumbers.PhoneNumberType.MOBILE else PSTN


class Origin:
    """The domains of the calls to one box or PBX."""

    def __init__(
        self,
        *,
        called: Mapping[str, str] | None = None,
        lines: Mapping[str, str] | None = None,
        caller: Callable[[str], str] | None = None,
    ) -> None:
        """`called` and `lines` map numbers and line names to domains; `caller` is the fallback, none for PSTN always."""
        self._called = dict(called or {})
        self._lines = {line: domain for line, domain in (lines or {}).items() if domain}
        self._caller = caller

    def domain(self, *, called: str | None, line: str, caller: str | None) -> str:
        """The domain of a call."""
        known = self._called.get(called or "") or self._lines.get(line)
        if known:
            return known
        return self._caller(caller) if self._caller and caller else PSTN
