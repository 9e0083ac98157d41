"""Values of spreadsheet cells as a person reads them: whole numbers without a point, dates as year-month-day."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta

CellValue = int | float | str | bool | time | date | datetime | timedelta


def cell_text(value: CellValue) -> str:
    """Return a cell's text; empty for an empty cell."""
    writer = _WRITERS.get(type(value))
    return str(value) if writer is None else writer(value)


def number_text(value: float) -> str:
    """Return a number without the noise of binary fractions: 12.0 as 12, 0.1 + 0.2 as 0.3."""
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    text = f"{value:.15g}"
    if "e-" in text and abs(value) > 1e-9:
        return f"{value:.18f}".rstrip("0") if len(text) > 20 else _unfolded(value)
    return text


def _unfolded(value: float) -> str:
    """Write a small number without an exponent, in as many digits as it really has."""
    digits = f"{value:.14e}"
    mantissa, _, exponent = digits.partition("e")
    places = len(mantissa.rstrip("0").partition(".")[2]) - int(exponent)
    return f"{value:.{places}f}"


def _moment(value: datetime) -> str:
    if not (value.hour or value.minute or value.second):
        return value.date().isoformat()
    return value.isoformat(" ", "minutes" if not value.second else "seconds")


def _duration(value: timedelta) -> str:
    seconds = round(value.total_seconds())
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    return f"{sign}{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _time_of_day(value: time) -> str:
    return value.isoformat("minutes" if not value.second else "seconds")


def _truth(value: bool) -> str:
    return "TRUE" if value else "FALSE"


_WRITERS: dict[type, Callable[..., str]] = {
    str: str.strip,
    bool: _truth,
    float: number_text,
    datetime: _moment,
    time: _time_of_day,
    timedelta: _duration,
}
