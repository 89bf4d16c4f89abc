"""Every setting of the service, declared, defaulted, validated and documented in one place.

Read from ``jupyter_jobsub_config.py`` or ``.json`` on Jupyter's config path, and again on
SIGHUP or ``jupyter jobsub reload``; what is tagged ``at_start`` counts from the next start on.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from jupyter_core.paths import jupyter_config_path
from traitlets import Bool, Dict, Enum, Float, Integer, List, TraitError, Unicode, validate
from traitlets.config import Config, Configurable
from traitlets.config.loader import ConfigFileNotFound, JSONFileConfigLoader, PyFileConfigLoader

from .engines.local.devices import parse_devices
from .errors import JobsubError
from .model.resources import parse_memory
from .model.spec import parse_env

CONFIG_NAME = "jupyter_jobsub_config"


class ConfigError(JobsubError):
    """The configuration can't be used; the message names the file, the setting and the remedy."""


class JobsubService(Configurable):
    """The job service."""

    engine = Enum(["local"], "local", help="What runs the tasks.").tag(config=True, at_start=True)
    identity = Enum(
        ["os", "forwarded"],
        "os",
        help="""Who a request is from: the operating-system user of the socket's peer, or the
        user name that Jupyter Server forwards, for a server that several people share.""",
    ).tag(config=True)
    admins = List(Unicode(), help="User names that may see and end every job.").tag(config=True)
    groups = Dict(
        help="""Groups by name, each a dict of quota and user_quota (cpu, memory, gpus, gpu by
        type), members, admins, instance_types, images, volume, datasets, share_logs. The first
        is the default. Nothing configured: one group, `default`, whose quota is the machine."""
    ).tag(config=True)
    instance_types = Dict(
        help="""Sizes by name, each a dict of cpu (cores), memory ("8Gi"), gpu (by type) and
        description. The first is the default. Nothing configured: made from the machine."""
    ).tag(config=True)
    images = List(
        Unicode(),
        help="Folders of conda or virtual environments, besides the kernelspecs that Jupyter finds.",
    ).tag(config=True, at_start=True)
    gpus = List(
        Dict(),
        help="""The GPU inventory, instead of what NVML finds: dicts of uuid, type and memory.""",
        default_value=None,
        allow_none=True,
    ).tag(config=True, at_start=True)
    env = Dict(
        help="""Variables that every job gets, such as a proxy's address; a job's own count more.
        Otherwise a job's environment comes from the account and the system alone."""
    ).tag(config=True, at_start=True)
    cpu = Float(0, min=0, help="Cores to give to jobs; 0 is what this machine has.").tag(
        config=True, at_start=True
    )
    memory = Unicode("", help='Memory to give to jobs ("64Gi"); empty is what this machine has.').tag(
        config=True, at_start=True
    )
    linger_seconds = Float(
        300, min=0, help="How long the service stays when nothing is unfinished and nobody connected."
    ).tag(config=True)
    start_timeout_seconds = Float(
        180, min=1, help="A job that does not run this long after it was admitted goes back to its queue."
    ).tag(config=True)
    halt_grace_seconds = Float(10, min=0, help="Time between TERM and KILL when a job is ended.").tag(
        config=True
    )
    max_waiting_per_user = Integer(1000, min=1, help="Waiting jobs of one person.").tag(config=True)
    max_body_bytes = Integer(2**20, min=1024, help="Size of a request's body.").tag(config=True)
    max_snapshot_bytes = Integer(20 * 2**20, min=1, help="Size of a notebook or script.").tag(
        config=True, at_start=True
    )
    max_streams_per_user = Integer(20, min=1, help="Event streams of one person.").tag(config=True)
    max_log_bytes = Integer(
        2**30, min=2**20, help="Size of one task's log; beyond it the middle is dropped, and marked."
    ).tag(config=True, at_start=True)
    share_logs = Bool(
        True,
        help="Members of a group may read each other's logs and specs, unless the group itself says else.",
    ).tag(config=True)

    @validate("env")
    def _env(self, proposal: Any) -> Any:
        _checked("env", parse_env, proposal.value)
        return proposal.value

    @validate("memory")
    def _memory(self, proposal: Any) -> Any:
        if proposal.value:
            _checked("memory", parse_memory, proposal.value)
        return proposal.value

    @validate("gpus")
    def _gpus(self, proposal: Any) -> Any:
        if proposal.value is not None:
            _checked("gpus", parse_devices, proposal.value)
        return proposal.value


def _checked(name: str, parse: Callable[[Any], object], value: Any) -> None:
    try:
        parse(value)
    except ValueError as error:
        raise TraitError(f"JobsubService.{name}: {error}") from error


def config_files() -> list[Path]:
    """The files that are read, the most important last."""
    folders = [Path(folder) for folder in reversed(jupyter_config_path())]
    return [p for f in folders for end in ("py", "json") if (p := f / f"{CONFIG_NAME}.{end}").is_file()]


def load_config() -> JobsubService:
    """Read the configuration.

    Raises
    ------
    ConfigError
        Naming the file and, where there is one, its line.
    """
    config = Config()
    for path in config_files():
        config.merge(_read(path))
    _refuse_unknown(config)
    try:
        return JobsubService(config=config)
    except TraitError as error:
        raise ConfigError(f"{_files()}: {error}") from error


def _read(path: Path) -> Config:
    loader: Any = JSONFileConfigLoader if path.suffix == ".json" else PyFileConfigLoader
    try:
        return Config(loader(path.name, str(path.parent)).load_config())
    except ConfigFileNotFound as error:
        raise ConfigError(f"{path}: can't be read: {error}") from error
    except SyntaxError as error:
        raise ConfigError(f"{path}, line {error.lineno}: {error.msg}") from error
    except (Exception, SystemExit) as error:  # the file is a program: it may raise anything
        raise ConfigError(f"{path}{_line_in(error, path)}: {type(error).__name__}: {error}") from error


def _line_in(error: BaseException, path: Path) -> str:
    trace, line = error.__traceback__, None
    while trace:
        if trace.tb_frame.f_code.co_filename == str(path):
            line = trace.tb_lineno
        trace = trace.tb_next
    return f", line {line}" if line else ""


def _refuse_unknown(config: Config) -> None:
    known = JobsubService.class_trait_names(config=True)
    if unknown := sorted(set(config.get("JobsubService", {})) - set(known)):
        raise ConfigError(
            f"{_files()}: no such setting: {', '.join(unknown)}; there are {', '.join(sorted(known))}"
        )


def _files() -> str:
    return ", ".join(str(p) for p in config_files()) or "configuration"
