from __future__ import annotations

from argparse import ArgumentTypeError
from typing import Any

import pytest

from jupyter_jobsub.cli.values import Bare, duration, moment, parameter


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90),
        ("90s", 90),
        ("30m", 1800),
        ("2h", 7200),
        ("1h30m", 5400),
        ("7d", 604_800),
        ("1w", 604_800),
        ("0", 0),
    ],
)
def test_duration(text: str, seconds: int) -> None:
    assert duration(text) == seconds


@pytest.mark.parametrize("text", ["", "h", "1.5h", "-1", "1h30", "1 h", "2H"])
def test_no_duration(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match="is not a duration"):
        duration(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.1", 0.1),
        ("1", 1),
        ("true", True),
        ("null", None),
        ("[64, 64]", [64, 64]),
        ('{"a": 1}', {"a": 1}),
        ('"1"', "1"),
        ("adam", "adam"),
        ("", ""),
        ("a=b", "a=b"),
        ("NaN", "NaN"),
        ("-Infinity", "-Infinity"),
        ("True", "True"),
    ],
)
def test_parameter(text: str, value: Any) -> None:
    name, (found,) = parameter(f"p={text}")
    assert name == "p"
    assert isinstance(found, type(value))
    assert found == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("False", False),
        ("None", None),
        (".5", 0.5),
        ("1.", 1.0),
        ("+1", 1),
        ("-.5e3", -500.0),
        ("007", "007"),
        ("nan", "nan"),
        ("1.2.3", "1.2.3"),
        ("adam", "adam"),
        ("1_0", "1_0"),
        ("1.10", 1.1),
        ("7e10", 7e10),
        ("1E3", 1000.0),
        ("-0", 0),
        ("1e999", "1e999"),
    ],
)
def test_a_parameter_that_python_spells_so(text: str, value: Any) -> None:
    _, (found,) = parameter(f"p={text}")
    assert found == text  # for commands
    assert (type(found.in_python), found.in_python) == (Bare if value == text else type(value), value)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("0.1,0.01", [0.1, 0.01]),
        ("adam,sgd", ["adam", "sgd"]),
        ("1, 2 ,3", [1, 2, 3]),
        ('"a,b",c', ["a,b", "c"]),
        ('"",x', ["", "x"]),
        ("[64,64],[32]", [[64, 64], [32]]),
        ('adam,{"a": [1, 2]},null', ["adam", {"a": [1, 2]}, None]),
        ("NaN,1", ["NaN", 1]),
        ("[1,2", ["[1", 2]),
        ('x"y,z', ['x"y', "z"]),
        ("[64,64]", [[64, 64]]),
        ('"a,b"', ["a,b"]),
    ],
)
def test_a_parameter_with_several_values(text: str, values: list[Any]) -> None:
    assert parameter(f"p={text}") == ("p", values)


@pytest.mark.parametrize("text", ["a,", ",a", "a,,b", ","])
def test_a_parameter_with_nothing_between_commas(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match=r"between two commas; quote .* '\[1, 2\]'"):
        parameter(f"p={text}")


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-11-21T08:15:30Z", "2026-11-21T08:15:30.000000Z"),
        ("2026-11-21T08:15:30.250+01:00", "2026-11-21T07:15:30.250000Z"),
        ("2026-11-21", "2026-11-20T23:00:00.000000Z"),
        ("2026-11-21T08:15", "2026-11-21T07:15:00.000000Z"),
    ],
)
def test_moment(text: str, at: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setenv("TZ", "CET-1")
    time.tzset()
    try:
        assert moment(text) == at
    finally:
        monkeypatch.undo()
        time.tzset()


def test_moment_some_time_ago() -> None:
    assert moment("2h") < moment("1h") < moment("1m")
