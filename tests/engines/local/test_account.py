from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from jupyter_jobsub.engines.local import account


def test_the_account_says_who_it_is() -> None:
    found = account.person()
    entry = pwd.getpwuid(os.getuid())
    assert found["USER"] == found["LOGNAME"] == entry.pw_name
    assert found["SHELL"] == (entry.pw_shell or "/bin/sh")


def test_a_uid_without_an_account_has_what_it_was_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(uid: int) -> None:
        raise KeyError(uid)

    monkeypatch.setattr(pwd, "getpwuid", nobody)
    monkeypatch.setenv("HOME", str(tmp_path))
    uid = str(os.getuid())
    assert account.person() == {"USER": uid, "LOGNAME": uid, "HOME": str(tmp_path), "SHELL": "/bin/sh"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", {"LANG": "C.UTF-8"}),
        ("# LANG=xx\nLANG=de_DE.UTF-8\n", {"LANG": "de_DE.UTF-8"}),
        ('LANG="en_US.UTF-8"\nLC_TIME=C\n', {"LANG": "en_US.UTF-8", "LC_TIME": "C"}),
        ("LD_PRELOAD=/x\nnonsense\n", {"LANG": "C.UTF-8"}),
    ],
)
def test_the_language_is_the_machines(tmp_path: Path, text: str, found: dict[str, str]) -> None:
    file = tmp_path / "locale"
    file.write_text(text)
    assert account.locale([str(tmp_path / "missing"), str(file)]) == found


@pytest.mark.parametrize(
    ("text", "mask"),
    [
        ("# UMASK 077\nUMASK\t\t022\n", 0o022),
        ("UMASK 027\n", 0o027),
        ("UMASK 777\n", 0o077),  # never away from the owner
        ("UMASK 9\n", 0o022),
        ("UMASK\n", 0o022),
        ("", 0o022),
    ],
)
def test_the_mask_of_new_files_is_that_of_a_login(tmp_path: Path, text: str, mask: int) -> None:
    file = tmp_path / "login.defs"
    file.write_text(text)
    assert account.umask([str(file)]) == mask


def test_a_machine_that_says_nothing_has_defaults(tmp_path: Path) -> None:
    assert account.locale([str(tmp_path / "no")]) == {"LANG": "C.UTF-8"}
    assert account.umask([str(tmp_path / "no")]) == 0o022
