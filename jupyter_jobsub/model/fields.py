"""The types of what people write: text that can be shown, stored and run, and how a wrong one is told."""

from __future__ import annotations

import re
import shlex
import unicodedata
from pathlib import PurePosixPath
from typing import Annotated, NoReturn

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

DAY = 24 * 60 * 60
LONGEST_LABEL = 128  # characters

_LONGEST_ARGUMENT = 131_071  # bytes that Linux takes as one argument or variable
_LONGEST_CONTENT = 256 * 1024  # bytes
_UNSEEN = ("Cc", "Cf", "Zl", "Zp", "Cs", "Co")  # categories of characters that don't print
_JOINERS = "\u200c\u200d"  # of the category Cf, but part of how words and emoji are written
_NUL = re.compile(r"\x00")
_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_RESERVED_ENV = re.compile(r"JOBSUB_.*|PRIMEHUB_(USER|GROUP)|CUDA_VISIBLE_DEVICES")


def reject(message: str, remedy: str) -> NoReturn:
    """Refuse the value that is being validated."""
    # pydantic would read braces in the message as placeholders
    raise PydanticCustomError("jobsub", "{message}", {"message": message, "remedy": remedy})


def shaped(pattern: str, wrong: str, remedy: str) -> AfterValidator:
    """Make the validator of a text that a pattern matches whole; what is wrong follows the quoted text."""
    shape = re.compile(pattern)

    def check(text: str) -> str:
        if not shape.fullmatch(text):
            reject(f"{text!r} {wrong}", remedy)
        return text

    return AfterValidator(check)


def _unseen(text: str) -> bool:
    return any(unicodedata.category(character) in _UNSEEN and character not in _JOINERS for character in text)


def _label(text: str) -> str:
    if all(character.isspace() or character in _JOINERS for character in text):
        reject("is empty", "give at least one visible character")
    if _unseen(text):
        reject("has control characters", "use printable characters on one line")
    if ".." in PurePosixPath(text).parts or text.startswith("/"):
        reject("looks like a path", "use a plain name, without '..' or a leading '/'")
    return text


def _no_nul(text: str) -> str:
    if _NUL.search(text):
        reject("has a NUL character", "remove it")
    return text


def _absolute(text: str) -> str:
    path = PurePosixPath(text)
    if not path.is_absolute() or ".." in path.parts or _unseen(text):
        reject(
            f"{text!r} is not an absolute path", "give a full path without '..', such as /home/me/train.py"
        )
    return text


def _env_name(text: str) -> str:
    if not _ENV_NAME.fullmatch(text):
        reject(f"{text!r} is not a variable name", "use letters, digits and _, not starting with a digit")
    if _RESERVED_ENV.fullmatch(text):
        reject(f"{text} is set by the service", "choose another name")
    return text


def _environment(env: dict[str, str]) -> dict[str, str]:
    for name, value in env.items():
        if len(f"{name}={value}".encode()) > _LONGEST_ARGUMENT:
            reject(f"{name} is longer than 128 KiB", "put it into a file")
    return env


def _content(text: str) -> str:
    if not text.strip():
        reject("is empty", "give the script's text")
    if len(text.encode()) > _LONGEST_CONTENT:
        reject("is over 256 KiB", "save it as a file, and submit that: give script without content")
    return text


def _command(value: str | list[str]) -> str | list[str]:
    texts = [value] if isinstance(value, str) else value
    if not any(text.strip() for text in texts):
        reject("is empty", "give a command, such as: python train.py")
    for text in texts:
        _no_nul(text)
    text = value if isinstance(value, str) else value[0] if len(value) == 1 else shlex.join(value)
    if len(text.encode()) > _LONGEST_ARGUMENT:
        reject("is longer than 128 KiB", "put it into a script and submit that")
    return value


Label = Annotated[str, Field(max_length=LONGEST_LABEL), AfterValidator(_label)]
AbsolutePath = Annotated[str, Field(max_length=4096), AfterValidator(_absolute)]
EnvName = Annotated[str, Field(max_length=256), AfterValidator(_env_name)]
EnvValue = Annotated[str, Field(max_length=131_072), AfterValidator(_no_nul)]
Text = Annotated[str, AfterValidator(_no_nul)]
Content = Annotated[str, AfterValidator(_content)]
Command = Annotated[str | list[Text], AfterValidator(_command)]
RoleName = Annotated[
    str,
    shaped(
        r"[a-z0-9]([-a-z0-9]{0,29}[a-z0-9])?",
        "is not a role name",
        "use lower-case letters, digits and '-', at most 31",
    ),
]
PortLabel = (
    Annotated[  # no '-': with the role's name and the task's index before it, it makes a variable's name
        str,
        shaped(
            r"[a-z][a-z0-9]{0,14}",
            "is not a label",
            "use lower-case letters and digits, at most 15, a letter first",
        ),
    ]
)
Environment = Annotated[dict[EnvName, EnvValue], AfterValidator(_environment)]
Seconds = Annotated[int, Field(ge=1, le=366 * DAY)]
Priority = Annotated[int, Field(ge=1, le=1000)]


class Strict(BaseModel):
    """Takes what it declares and nothing else, in the type that it declares."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
