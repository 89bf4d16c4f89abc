"""Amounts as Kubernetes writes them."""

from __future__ import annotations

_UNITS = {"n": 1e-9, "u": 1e-6, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18}
_UNITS |= {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50, "Ei": 2**60}


def quantity(text: str) -> float:
    """Read one such as ``250m``, ``64Mi`` and ``1k``."""
    for unit in (text[-2:], text[-1:]):
        if unit in _UNITS:
            return float(text.removesuffix(unit)) * _UNITS[unit]
    return float(text)
