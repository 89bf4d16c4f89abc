"""Tasks as processes of this machine."""

from .engine import LocalEngine as LocalEngine
