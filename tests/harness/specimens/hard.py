"""Values that are hard to carry, by what is hard about them."""

import struct
import uuid
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any


def single(value: float) -> float:
    """Return the nearest number that a FLOAT column holds."""
    return float(struct.unpack("f", struct.pack("f", value))[0])


HARD: dict[str, dict[str, Any]] = {
    "nothing at all": {},
    "null is a word": {"name": "null", "note": "NULL", "data": None},
    "empty": {"name": "", "note": "", "photo": b"", "data": {}},
    "spaces at the end": {"name": "a  ", "note": " b \t\n"},
    "four bytes": {"name": "\U0001f600\U0001f3ac", "note": "\U0010ffff", "data": {"\U0001f600": 1}},
    "quotes and backslashes": {"name": "'\"\\`%s%%", "note": "\\n\\u0041\\", "data": {"'": '"\\"'}},
    "control characters": {"name": "\x00\x01\x1f\x7f", "note": "\u2028\u2029\ufeff\x00"},
    "all bytes": {"photo": bytes(range(256))},
    "large decimal": {"price": Decimal("99999999999999999999.9999999999")},
    "small decimal": {"price": Decimal("-0.0000000001")},
    "round decimal": {"price": Decimal("1E+3")},
    "first day": {"found_on": date(1, 1, 1), "found_at": datetime(1, 1, 1, tzinfo=UTC)},
    "last day": {"found_on": date.max, "found_at": datetime.max.replace(tzinfo=UTC)},
    "leap day": {"found_on": date(2024, 2, 29)},
    "microseconds": {"found_at": datetime(2024, 1, 1, 0, 0, 0, 1, UTC), "time_of_day": time.max},
    "midnight": {"found_at": datetime(2024, 1, 1, tzinfo=UTC), "time_of_day": time(0)},
    "sum of tenths": {"weight": 0.1 + 0.2, "single": single(0.1)},
    "largest numbers": {"weight": 1.7976931348623157e308, "single": single(3.4028234663852886e38)},
    "smallest numbers": {"weight": 2.2250738585072014e-308, "single": single(1.1754943508222875e-38)},
    "minus nothing": {"weight": -0.0, "single": -0.0},
    "whole floats": {"weight": 2.0**53 + 2, "single": 16777216.0},
    "many digits": {"weight": 123456789.12345679, "single": single(123456.789)},
    "bits": {"bits": 0b101010101010},
    "few bits": {"bits": 1},
    "JSON spaces and order": {"data": {"b": 1, "a": [1.0, 1, 1e300, True, None, "null", ""]}},
    "JSON text": {"data": "null"},
    "JSON number": {"data": 12345678901234567890.5},
    "large": {"note": "x" * 300_000, "photo": b"\xff\x00" * 200_000, "data": ["y" * 100_000]},
    "identifiers": {"code": uuid.UUID(int=0), "genuine": True},
    "truth": {"code": uuid.UUID(int=2**128 - 1), "genuine": False},
    "unsigned": {"serial": 2**64 - 1, "balance": -(2**63)},
    "beyond a double": {"serial": 2**53 + 1, "balance": 2**63 - 1},
}  # fmt: skip
