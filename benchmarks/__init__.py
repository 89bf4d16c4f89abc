"""Measures the promised figures, each beside its peer or baseline, in one run on one machine."""
