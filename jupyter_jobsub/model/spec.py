"""What a person asks for: the job specification, validated whole, every error at once."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    Field,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from ..errors import FieldError
from .explain import explain
from .fields import (
    DAY,
    AbsolutePath,
    Command,
    Content,
    Environment,
    Label,
    PortLabel,
    Priority,
    RoleName,
    Seconds,
    Strict,
    Text,
    reject,
)
from .parameters import Parameters, as_variables

MAX_TASKS = 1000
MAX_GPUS = 10_000
MAX_PORTS = 4000  # of a job: each task is told all of them

_ENVIRONMENT = TypeAdapter(Environment)


def _twice(names: list[str]) -> str | None:
    return next((name for name, times in Counter(names).items() if times > 1), None)


class Port(Strict):
    """Ports that each task of a role is given; the tasks of the job are told their numbers."""

    label: PortLabel
    count: Annotated[int, Field(ge=1, le=MAX_PORTS)] = 1


class TaskRole(Strict):
    """Several equal tasks of a job."""

    name: RoleName
    tasks: Annotated[int, Field(ge=1, le=MAX_TASKS)] = 1
    command: Command
    instance_type: Label | None = Field(
        default=None, description="A size of the catalog; the job's if missing."
    )
    min_failed: Annotated[int, Field(ge=1)] | None = Field(
        default=1, description="So many failed tasks fail the job; null: no number does."
    )
    min_succeeded: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="So many succeeded tasks make the job succeed; null: all tasks end first."
    )
    ports: list[Port] = Field(default=[], max_length=100, description="Ports that each task is given.")

    @field_validator("min_failed", "min_succeeded")
    @classmethod
    def _within_the_role(cls, number: int | None, info: ValidationInfo) -> int | None:
        tasks = info.data.get("tasks")
        if number is not None and tasks is not None and number > tasks:
            reject(f"{number} are more than the role's {tasks} tasks", f"give at most {tasks}")
        return number

    @field_validator("ports")
    @classmethod
    def _own_labels(cls, ports: list[Port]) -> list[Port]:
        if label := _twice([port.label for port in ports]):
            reject(f"the label {label!r} comes twice", "give one entry a label, with a count")
        return ports


def _together(roles: list[TaskRole]) -> list[TaskRole]:
    if name := _twice([role.name for role in roles]):
        reject(f"two roles are named {name!r}", "give each role a name of its own")
    tasks = sum(role.tasks for role in roles)
    if tasks > MAX_TASKS:
        reject(f"{tasks} tasks in all", f"give at most {MAX_TASKS}")
    ports = sum(role.tasks * port.count for role in roles for port in role.ports)
    if ports > MAX_PORTS:
        reject(f"{ports} ports in all", f"give at most {MAX_PORTS}")
    return roles


Roles = Annotated[list[TaskRole], Field(max_length=100), AfterValidator(_together)]


class JobSpec(Strict):
    """What a job runs, as what, where and how long.

    Exactly one of ``command``, ``script``, ``notebook`` and ``task_roles`` says what runs.
    """

    name: Label | None = Field(
        None, description="Seen by all members of the group; made from what runs if missing."
    )
    group: Label | None = Field(None, description="The queue; the person's first group if missing.")
    instance_type: Label | None = Field(None, description="A size of the catalog; the first if missing.")
    gpus: Annotated[int, Field(ge=0, le=MAX_GPUS)] | None = Field(
        None, description="In place of an instance type: the smallest with at least so many GPUs."
    )
    image: Annotated[Text, Field(max_length=4096)] | None = Field(
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
    content: Content | None = Field(
        None, description="The script's text, sent along: `script` is then its name and folder, and no file."
    )
    args: list[Text] = Field([], max_length=1000, description="Arguments of the script.")
    notebook: AbsolutePath | None = Field(None, description="An .ipynb file; its text is kept at submit.")
    parameters: Parameters = Field(
        {},
        description="Values for the notebook's cell tagged 'parameters'; variables of a command or script.",
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
    task_roles: Roles = Field([], description="Instead of command: several roles, each of several tasks.")

    @field_validator("gpus")
    @classmethod
    def _one_size(cls, gpus: int | None, info: ValidationInfo) -> int | None:
        if gpus is not None and info.data.get("instance_type") is not None:
            reject("an instance type is given too", "leave one of them out")
        return gpus

    @model_validator(mode="after")
    def _one_thing_runs(self) -> JobSpec:
        given = [f for f in ("command", "script", "notebook") if getattr(self, f) is not None]
        if self.task_roles:
            given.append("task_roles")
        if len(given) != 1:
            found = "none" if not given else "all of " + ", ".join(given)
            reject(
                f"needs exactly one of command, script, notebook, task_roles; has {found}", "give one of them"
            )
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
    def variables(self) -> dict[str, str]:
        """What is added to the job's environment."""
        given = {} if self.notebook else as_variables(self.parameters)
        return {**given, **self.env}

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


_NAME_IT = "give script: the folder that it is to run in, and a name that ends in .py or .sh"


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


def parse_spec(data: Any) -> tuple[JobSpec, list[FieldError]]:
    """Validate a decoded JSON body.

    Returns
    -------
    tuple
        The specification and nothing, or what of it is right and every wrong field, so that
        the right part can be checked further and all is said at once.
    """
    try:
        spec = JobSpec.model_validate(data)
        return spec, _at_odds(spec)
    except ValidationError as error:
        wrong = list(explain(error).errors)
    fields = {field.field.partition(".")[0] for field in wrong}
    given = data if isinstance(data, dict) else {}
    right = {name: value for name, value in given.items() if name in JobSpec.model_fields.keys() - fields}
    if "task_roles" in right:
        right["task_roles"] = [TaskRole.model_validate(role) for role in right["task_roles"]]
    spec = JobSpec.model_construct(**right)
    return spec, wrong + ([] if fields & {"script", "notebook"} else _at_odds(spec))


def _at_odds(spec: JobSpec) -> list[FieldError]:
    """Find fields that are right by themselves and not together."""
    found = []
    if spec.content is not None and not spec.script:
        found.append(FieldError("content", "is a script's text, and no script is named", _NAME_IT))
    if spec.notebook:  # its parameters are no variables
        return found
    both = [name for name in spec.parameters if name in spec.env]
    found += [FieldError(f"parameters.{name}", "is in env, too", "give it in one of them") for name in both]
    return found + [
        FieldError(f"parameters.{name}", "has a NUL character", "remove it")
        for name, text in as_variables(spec.parameters).items()
        if "\0" in text
    ]
