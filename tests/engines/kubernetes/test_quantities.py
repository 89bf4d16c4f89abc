"""Amounts as Kubernetes writes them, and as people say them."""

from __future__ import annotations

import pytest

from jupyter_jobsub.engines.kubernetes.quantities import quantity
from jupyter_jobsub.engines.kubernetes.words import amount

QUANTITIES = {
    "0": 0,
    "2": 2,
    "250m": 0.25,
    "12345678n": 0.012345678,
    "40u": 4e-5,
    "1e3": 1000,
    "64Mi": 64 * 2**20,
    "1500Ki": 1500 * 1024,
    "2G": 2e9,
    "1k": 1000,
    "1.5Gi": 1.5 * 2**30,
}


@pytest.mark.parametrize(("text", "is_"), QUANTITIES.items())
def test_they_are_read_as_kubernetes_writes_them(text: str, is_: float) -> None:
    assert quantity(text) == pytest.approx(is_)


@pytest.mark.parametrize(
    ("resource", "text", "words"),
    [
        ("cpu", "1k", "1000 CPUs"),
        ("cpu", "250m", "0.25 CPUs"),
        ("memory", "4Gi", "4 GiB of memory"),
        ("memory", "2147483648", "2 GiB of memory"),
        ("nvidia.com/gpu", "1k", "1000 GPUs (nvidia.com/gpu)"),
        ("example.com/fpga", "2", "2 example.com/fpga"),
    ],
)
def test_they_are_said_as_people_do(resource: str, text: str, words: str) -> None:
    assert amount(resource, text) == words
