"""How a number is dialled on a wired line: there a `+` cannot be dialled, and one's own country has a prefix of its own.

Source: ITU-T E.123, E.164 and its list of dialling procedures (national and international prefixes).
"""

from __future__ import annotations

_PREFIXES = {
    # country: (country code, national prefix, international prefix)
    "AT": ("43", "0", "00"),
    "CH": ("41", "0", "00"),
    "DE": ("49", "0", "00"),
    "FR": ("33", "0", "00"),
    "GB": ("44", "0", "00"),
    "NL": ("31", "0", "00"),
    "CA": ("1", "1", "011"),
    "US": ("1", "1", "011"),
}


def dial_string(number: str, country: str) -> str:
    """`+49301234` dialled in Germany is `0301234`, in France `0049301234`. Numbers without a plus are left as they are.

    A country that is not in the table has the international prefix 00 and no way to tell its own numbers.
    """
    if not number.startswith("+"):
        return number
    code, national, international = _PREFIXES.get(country.upper(), ("", "", "00"))
    digits = number[1:]
    if code and digits.startswith(code):
        return national + digits[len(code) :]
    return international + digits
