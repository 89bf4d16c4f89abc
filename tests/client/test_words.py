from __future__ import annotations

import pytest

from jupyter_jobsub.client import words


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, ""),
        (0, "0s"),
        (59.9, "59s"),
        (61, "1m01s"),
        (3661, "1h01m"),
        (172_799, "47h59m"),
        (180_000, "2d02h"),
    ],
)
def test_seconds(seconds: float | None, text: str) -> None:
    assert words.seconds(seconds) == text


@pytest.mark.parametrize(
    ("request_", "text"),
    [
        (None, ""),
        ({"cpu": 1500, "memory": 2 << 30, "gpu": {"H200": 2}}, "1.5 CPU, 2 GiB, 2 × H200"),
        ({"cpu": None, "memory": None, "gpus": 4, "gpu": {}}, "4 GPU"),
    ],
)
def test_resources(request_: dict[str, object] | None, text: str) -> None:
    assert words.resources(request_) == text


@pytest.mark.parametrize(
    ("job", "text"),
    [
        ({"position": 3, "group": "g", "message": "quota"}, "no. 3 in g; quota"),
        ({"position": 1, "group": "g", "message": ""}, "no. 1 in g"),
        (
            {"position": None, "progress": {"fraction": 0.427, "text": "epoch 3"}, "message": ""},
            "43% epoch 3",
        ),
        (
            {
                "position": None,
                "progress": {"fraction": 0.4, "text": "e 2", "eta_seconds": 130},
                "message": "",
            },
            "40% e 2, 2m10s left",
        ),
        ({"position": None, "progress": None, "message": "exit code 1"}, "exit code 1"),
        (
            {"position": None, "progress": {"fraction": None, "text": "cell 3 of 9"}, "message": ""},
            "cell 3 of 9",
        ),
    ],
)
def test_standing(job: dict[str, object], text: str) -> None:
    assert words.standing(job) == text


def test_a_jobs_own_words_are_harmless() -> None:
    job = {"position": None, "message": "a\x1b]0;title\x07\nb"}
    assert words.standing(job) == "a ]0;title b"
    assert words.harmless("a\u202egpj.exe\u2066b\u2028c") == "a gpj.exe b c"
    assert words.harmless("שלום, été 日本") == "שלום, été 日本"
