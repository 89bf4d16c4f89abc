"""What a person asks for: the job specification, validated whole, every error at once."""

from __future__ import annotations

import re
import shlex
import unicodedata
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal, NoReturn

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    TypeAdapter,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError

from ..errors import FieldError, InvalidRequest

DAY = 24 * 60 * 60
MAX_TASKS = 1000

_LONGEST_ARGUMENT = 131_071  # bytes that Linux takes as one argument or variable
_UNSEEN = ("Cc", "Cf", "Zl", "Zp", "Cs", "Co")  # categories of characters that don't print
_NUL = re.compile(r"\x00")
_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ROLE_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,29}[a-z0-9])?")
_RESERVED_ENV = re.compile(r"JOBSUB_.*|PRIMEHUB_(USER|GROUP)|CUDA_VISIBLE_DEVICES")


def _wrong(message: str, remedy: str) -> NoReturn:
    # pydantic would read braces in the message as placeholders
    raise PydanticCustomError("jobsub", "{message}", {"message": message, "remedy": remedy})


def _unseen(text: str) -> bool:
    return any(unicodedata.category(character) in _UNSEEN for character in text)


def _label(text: str) -> str:
    if not text.strip():
        _wrong("is empty", "give at least one visible character")
    if _unseen(text):
        _wrong("has control characters", "use printable characters on one line")
    if ".." in PurePosixPath(text).parts or text.startswith("/"):
        _wrong("looks like a path", "use a plain name, without '..' or a leading '/'")
    return text


def _no_nul(text: str) -> str:
    if _NUL.search(text):
        _wrong("has a NUL character", "remove it")
    return text


def _absolute(text: str) -> str:
    path = PurePosixPath(text)
    if not path.is_absolute() or ".." in path.parts or _unseen(text):
        _wrong(
            f"{text!r} is not an absolute path", "give a full path without '..', such as /home/me/train.py"
        )
    return text


def _env_name(text: str) -> str:
    if not _ENV_NAME.fullmatch(text):
        _wrong(f"{text!r} is not a variable name", "use letters, digits and _, not starting with a digit")
    if _RESERVED_ENV.fullmatch(text):
        _wrong(f"{text} is set by the service", "choose another name")
    return text


def _environment(env: dict[str, str]) -> dict[str, str]:
    for name, value in env.items():
        if len(f"{name}={value}".encode()) > _LONGEST_ARGUMENT:
            _wrong(f"{name} is longer than 128 KiB", "put it into a file")
    return env


def _role_name(text: str) -> str:
    if not _ROLE_NAME.fullmatch(text):
        _wrong(f"{text!r} is not a role name", "use lower-case letters, digits and '-', at most 31")
    return text


def _command(value: str | list[str]) -> str | list[str]:
    texts = [value] if isinstance(value, str) else value
    if not any(text.strip() for text in texts):
        _wrong("is empty", "give a command, such as: python train.py")
    for text in texts:
        _no_nul(text)
    text = value if isinstance(value, str) else value[0] if len(value) == 1 else shlex.join(value)
    if len(text.encode()) > _LONGEST_ARGUMENT:
        _wrong("is longer than 128 KiB", "put it into a script and submit that")
    return value


Label = Annotated[str, Field(max_length=128), AfterValidator(_label)]
AbsolutePath = Annotated[str, Field(max_length=4096), AfterValidator(_absolute)]
EnvName = Annotated[str, Field(max_length=256), AfterValidator(_env_name)]
EnvValue = Annotated[str, Field(max_length=131_072), AfterValidator(_no_nul)]
Text = Annotated[str, AfterValidator(_no_nul)]
Command = Annotated[str | list[Text], AfterValidator(_command)]
Environment = Annotated[dict[EnvName, EnvValue], AfterValidator(_environment)]
Seconds = Annotated[int, Field(ge=1, le=366 * DAY)]
Priority = Annotated[int, Field(ge=1, le=1000)]
_ENVIRONMENT = TypeAdapter(Environment)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class TaskRole(_Strict):
    """Several equal tasks of a job."""

    name: Annotated[str, AfterValidator(_role_name)]
    tasks: Annotated[int, Field(ge=1, le=MAX_TASKS)] = 1
    command: Command


class JobSpec(_Strict):
    """What a job runs, as what, where and how long.

    Exactly one of ``command``, ``script`` and ``notebook`` says what runs.
    """

    name: Label | None = Field(None, description="Shown to people; made from what runs if missing.")
    group: Label | None = Field(None, description="The queue; the person's first group if missing.")
    instance_type: Label | None = Field(None, description="A size of the catalog; the first if missing.")
    image: Annotated[str, Field(max_length=4096), AfterValidator(_no_nul)] | None = Field(
        None, description="A name of the catalog; on the local engine also an environment's folder."
    )
    environment: AbsolutePath | None = Field(
        None,
        description="The submitting surface's own environment (its prefix), used when no image is given.",
    )
    command: Command | None = Field(
        None, description="One text is run by the shell as it is; several are quoted together."
    )
    script: AbsolutePath | None = Field(None, description="A .py or .sh file; its text is kept at submit.")
    args: list[Text] = Field([], max_length=1000, description="Arguments of the script.")
    notebook: AbsolutePath | None = Field(None, description="An .ipynb file; its text is kept at submit.")
    parameters: dict[EnvName, JsonValue] = Field(
        {}, description="Values for the notebook's cell tagged 'parameters'."
    )
    working_dir: AbsolutePath | None = Field(
        None, description="Where it runs; the file's own folder, or a temporary one, if missing."
    )
    env: Environment = Field({}, description="Variables added to the job's environment.")
    priority: Priority = 100
    preemptible: bool = False
    deadline_seconds: Seconds = Field(DAY, description="Running time of one attempt.")
    ttl_seconds: Annotated[int, Field(ge=0, le=3660 * DAY)] = Field(
        7 * DAY, description="How long the log is kept after the end."
    )
    retries: Annotated[int, Field(ge=0, le=100)] = 0
    task_roles: list[TaskRole] = Field([], max_length=100, description="Instead of command: several roles.")

    @model_validator(mode="after")
    def _one_thing_runs(self) -> JobSpec:
        given = [f for f in ("command", "script", "notebook") if getattr(self, f) is not None]
        if self.task_roles:
            given.append("task_roles")
        if len(given) != 1:
            found = "none" if not given else "all of " + ", ".join(given)
            _wrong(f"needs exactly one of command, script, notebook; has {found}", "give one of them")
        names = [role.name for role in self.task_roles]
        if len(set(names)) < len(names):
            _wrong("has two task roles of the same name", "give each role a name of its own")
        return self

    @property
    def kind(self) -> Literal["command", "script", "notebook"]:
        """Which of the three it is."""
        return "notebook" if self.notebook else "script" if self.script else "command"

    @property
    def source(self) -> str | None:
        """The file whose text is kept at submit."""
        return self.notebook or self.script

    @property
    def roles(self) -> Mapping[str, int]:
        """Tasks by role; a plain job is one task of ``main``."""
        return {role.name: role.tasks for role in self.task_roles} or {"main": 1}

    def shell_text(self, role: str = "main") -> str:
        """What the shell is given for a command."""
        command = next((r.command for r in self.task_roles if r.name == role), self.command) or ""
        if isinstance(command, str):
            return command
        return command[0] if len(command) == 1 else shlex.join(command)


_REMEDIES = {
    "missing": "add this field",
    "extra_forbidden": "remove it, or check its spelling",
    "string_type": "give text in quotes",
    "int_type": "give a whole number without quotes",
    "bool_type": "give true or false",
    "list_type": "give a list in [ ]",
    "dict_type": "give an object in { }",
    "model_type": "give an object in { }",
    "string_too_long": "shorten it",
    "too_long": "give fewer",
    "greater_than_equal": "give a larger number",
    "less_than_equal": "give a smaller number",
}


def explain(error: ValidationError, *, under: str = "") -> InvalidRequest:
    """Turn pydantic's findings into field errors with remedies.

    Parameters
    ----------
    under:
        Path of the validated object inside the request, if it isn't the whole.
    """
    found: dict[str, FieldError] = {}
    for row in error.errors(include_url=False, include_input=False):
        path = ".".join([under] * bool(under) + [str(p) for p in _visible(row["loc"])])
        remedy = row.get("ctx", {}).get("remedy") or _REMEDIES.get(row["type"], "correct the value")
        message = row["msg"].removeprefix("Value error, ")
        if row["type"] != "jobsub":
            message = message[:1].lower() + message[1:]
        found.setdefault(path, FieldError(path or "(whole)", message, remedy))
    # of a union's members, the one that got further into the value is the one that was meant
    inner = {path.rpartition(".")[0] for path in found}
    return InvalidRequest([error for path, error in found.items() if path not in inner or not path])


def parse_env(env: Any) -> dict[str, str]:
    """Check variables for a process.

    Raises
    ------
    ValueError
        Naming every one that is wrong.
    """
    try:
        return _ENVIRONMENT.validate_python(env, strict=True)
    except ValidationError as error:
        wrong = explain(error, under="env").errors
        raise ValueError("; ".join(f"{e.field}: {e.message} ({e.remedy})" for e in wrong)) from error


def _visible(loc: tuple[int | str, ...]) -> list[int | str]:
    hidden = re.compile(r"(function-|constrained-|nullable|list\[|dict\[|str$|int$|\[key\])")
    return [p for p in loc if isinstance(p, int) or not hidden.match(p)]


def parse_spec(data: Any) -> tuple[JobSpec, list[FieldError]]:
    """Validate a decoded JSON body.

    Returns
    -------
    tuple
        The specification and nothing, or what of it is right and every wrong field, so that
        the right part can be checked further and all is said at once.
    """
    try:
        return JobSpec.model_validate(data), []
    except ValidationError as error:
        wrong = list(explain(error).errors)
    fields = {field.field.partition(".")[0] for field in wrong} | {"task_roles"}
    given = data if isinstance(data, dict) else {}
    right = {name: value for name, value in given.items() if name in JobSpec.model_fields.keys() - fields}
    return JobSpec.model_construct(**right), wrong
