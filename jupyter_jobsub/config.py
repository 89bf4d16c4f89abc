"""Every setting of the service, declared, defaulted, validated and documented in one place.

Read from ``jupyter_jobsub_config.py`` or ``.json`` on Jupyter's config path, and again on
SIGHUP or ``jupyter jobsub reload``; what is tagged ``at_start`` counts from the next start on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NoReturn

from traitlets import Bool, Dict, Enum, Float, Integer, List, TraitError, Unicode, Union, validate
from traitlets.config import Config, Configurable

from .config_files import SECTION, read_files, written_at
from .engines.kubernetes.images import parse_images
from .engines.kubernetes.settings import parse_settings
from .engines.local.devices import parse_devices
from .engines.local.environments import parse_folders
from .errors import ConfigError, FieldError, InvalidRequest
from .model.resources import parse_memory
from .model.spec import parse_env
from .store.databases import database_at


class Secret(Unicode[str, str]):
    """A text that no message shows."""

    def error(self, *_: Any, **__: Any) -> NoReturn:
        """Say what it must be."""
        raise TraitError("it must be a text")


class JobsubService(Configurable):
    """The job service."""

    wrong: tuple[FieldError, ...] = ()
    engine = Enum(
        ["local", "kubernetes"], "local", help="What runs the tasks: this machine, or Pods of a cluster."
    ).tag(config=True, at_start=True)
    kubernetes = Dict(
        help="""The cluster, and how Pods are made there: kubeconfig, context, namespace, gpu_types,
        node_selector, tolerations, affinity, home_size, shm_size, run_as_user and more, see the
        README. Nothing configured: what kubectl would use."""
    ).tag(config=True, at_start=True)
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
    images = Union(
        [List(Unicode()), Dict(value_trait=Unicode(), key_trait=Unicode())],
        help="""A list of folders of conda or virtual environments, besides the kernelspecs that Jupyter
        finds. With engine "kubernetes" container images by name, such as
        {"torch": "pytorch/pytorch:latest"}; the first is the default.""",
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
    database_url = Secret(
        "",
        help="""The PostgreSQL database that holds the jobs: postgresql://user:password@host/name.
        Empty: SQLite in the data folder.""",
    ).tag(config=True, at_start=True)
    linger_seconds = Float(
        300, min=0, help="How long the service stays when nothing is unfinished and nobody connected."
    ).tag(config=True)
    start_timeout_seconds = Float(
        180, min=1, help="A job that does not run this long after it was admitted goes back to its queue."
    ).tag(config=True)
    pull_timeout_seconds = Float(
        1800, min=1, help="The same for a job whose container image is being pulled."
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
    max_artifact_files = Integer(
        1000,
        min=0,
        max=100_000,
        help="Files that are kept of one attempt's artifacts; those that follow by name are dropped.",
    ).tag(config=True)
    max_artifact_bytes = Integer(
        10 * 2**30,
        min=0,
        help="Bytes that are kept of one attempt's artifacts; what does not fit is dropped.",
    ).tag(config=True)
    share_logs = Bool(
        True,
        help="Members of a group may read each other's logs and specs, unless the group itself says else.",
    ).tag(config=True)

    @validate("env")
    def _env(self, proposal: Any) -> Any:
        _checked(parse_env, proposal.value)
        return proposal.value

    @validate("memory")
    def _memory(self, proposal: Any) -> Any:
        if proposal.value:
            _checked(parse_memory, proposal.value)
        return proposal.value

    @validate("database_url")
    def _database_url(self, proposal: Any) -> Any:
        if proposal.value:
            _checked(database_at, proposal.value)
        return proposal.value

    @validate("gpus")
    def _gpus(self, proposal: Any) -> Any:
        if proposal.value is not None:
            _checked(parse_devices, proposal.value)
        return proposal.value


def _checked(parse: Callable[[Any], object], value: Any) -> None:
    try:
        parse(value)
    except ValueError as error:
        raise TraitError(str(error)) from error


def load_config() -> JobsubService:
    """Read the configuration.

    Raises
    ------
    ConfigError
        Naming everything that is wrong.
    """
    config = read_config()
    if config.wrong:
        raise ConfigError(config.wrong)
    return config


def read_config() -> JobsubService:
    """Read what of the configuration is right; ``wrong`` says what isn't."""
    given, wrong = read_files()
    section = given.get(SECTION, {})
    if not isinstance(section, dict):
        wrong.append(FieldError(SECTION, f"is no object but {section!r}", "give settings by name"))
        section = {}
    known = JobsubService.class_trait_names(config=True)
    for name in sorted(set(section) - set(known)):
        wrong.append(misplaced(name, "there is no such setting", f"there are {', '.join(sorted(known))}"))
        del section[name]
    for name, value in list(section.items()):
        try:
            JobsubService(config=Config({SECTION: {name: value}}))
        except TraitError as error:
            wrong.append(
                misplaced(name, str(error), " ".join(JobsubService.class_traits()[name].help.split()))
            )
            del section[name]
    config = JobsubService(config=Config({SECTION: section}))
    for name, errors in _unfit(config):
        wrong += [misplaced(error.field, error.message, error.remedy) for error in errors]
        del section[name]
    config = JobsubService(config=Config({SECTION: section}))
    config.wrong = tuple(wrong)
    return config


def _unfit(config: JobsubService) -> Iterator[tuple[str, Sequence[FieldError]]]:
    """Find the settings that the engine can't read, and what is wrong in them."""
    images = parse_images if config.engine == "kubernetes" else parse_folders
    for name, parse in (("kubernetes", parse_settings), ("images", images)):
        try:
            parse(getattr(config, name))
        except InvalidRequest as found:
            yield name, found.errors


def misplaced(setting: str, message: str, remedy: str) -> FieldError:
    """What is wrong with a setting, with the place where it is written."""
    place = written_at(setting)
    return FieldError(f"{SECTION}.{setting}", f"{message} ({place})" if place else message, remedy)
