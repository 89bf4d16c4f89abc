"""What the account and the machine say of a person's processes, whoever starts them from where."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterable
from pathlib import Path

_LOCALES = ("/etc/default/locale", "/etc/locale.conf")  # Debian's; systemd's
_LOGIN = ("/etc/login.defs",)
_UMASK = 0o022


def person() -> dict[str, str]:
    """Variables that name the account."""
    try:
        account = pwd.getpwuid(os.getuid())
    except KeyError:  # a uid without an account, as containers have
        name, shell = str(os.getuid()), ""
    else:
        name, shell = account.pw_name, account.pw_shell
    return {"USER": name, "LOGNAME": name, "HOME": str(home()), "SHELL": shell or "/bin/sh"}


def home() -> Path:
    """The account's folder; where it has none, what this process was told."""
    try:
        folder = Path(pwd.getpwuid(os.getuid()).pw_dir)
    except KeyError:
        return Path.home()
    return folder if folder.is_dir() else Path.home()


def locale(files: Iterable[str] = _LOCALES) -> dict[str, str]:
    """The machine's language, as a login sets it."""
    found = {"LANG": "C.UTF-8"}
    for line in _lines(files):
        name, _, value = line.partition("=")
        if name.startswith("LC_") or name in ("LANG", "LANGUAGE"):
            found[name] = value.strip("\"'")
    return found


def umask(files: Iterable[str] = _LOGIN) -> int:
    """What a login takes away from the modes of new files."""
    for line in _lines(files):
        name, _, value = line.partition(" ")
        if name == "UMASK" and value.strip() and set(value.strip()) <= set("01234567"):
            return int(value, 8) & 0o077
    return _UMASK


def _lines(files: Iterable[str]) -> list[str]:
    """The lines of the first of these files that can be read."""
    for file in files:
        try:
            text = Path(file).read_text(errors="replace")
        except OSError:
            continue
        return [" ".join(line.split()) for line in text.splitlines()]
    return []
