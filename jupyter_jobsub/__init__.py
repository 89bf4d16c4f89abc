"""Hand notebooks, scripts and commands from Jupyter to a queue, and watch them to their end."""

__version__ = "0.1.0.dev0"

_HOMES = {
    "client.jobsub": ("JobsubClient",),
    "client.job": ("Job",),
    "client.sweep": ("Sweep",),
    "client.aio": ("AsyncJob", "AsyncJobsubClient", "AsyncSweep"),
    "client.artifacts": ("Artifacts",),
    "client.errors": (
        "Closed",
        "Expired",
        "JobFailed",
        "NotRunning",
        "Unauthorized",
        "Unreachable",
        "UsageError",
    ),
    "errors": (
        "Conflict",
        "Forbidden",
        "InvalidRequest",
        "JobsubError",
        "NotFound",
        "TooLarge",
        "Unavailable",
        "UserError",
    ),
    "reporting": ("progress",),
}
_PUBLIC = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    *_PUBLIC,
    "__version__",
]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .client.aio import AsyncJob as AsyncJob
    from .client.aio import AsyncJobsubClient as AsyncJobsubClient
    from .client.aio import AsyncSweep as AsyncSweep
    from .client.artifacts import Artifacts as Artifacts
    from .client.errors import Closed as Closed
    from .client.errors import Expired as Expired
    from .client.errors import JobFailed as JobFailed
    from .client.errors import NotRunning as NotRunning
    from .client.errors import Unauthorized as Unauthorized
    from .client.errors import Unreachable as Unreachable
    from .client.errors import UsageError as UsageError
    from .client.job import Job as Job
    from .client.jobsub import JobsubClient as JobsubClient
    from .client.sweep import Sweep as Sweep
    from .errors import Conflict as Conflict
    from .errors import Forbidden as Forbidden
    from .errors import InvalidRequest as InvalidRequest
    from .errors import JobsubError as JobsubError
    from .errors import NotFound as NotFound
    from .errors import TooLarge as TooLarge
    from .errors import Unavailable as Unavailable
    from .errors import UserError as UserError
    from .reporting import progress as progress


def __getattr__(name: str) -> object:
    """Import a public name where it is first used: most of what imports this package needs none."""
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    found = getattr(import_module(f".{_PUBLIC[name]}", __name__), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_PUBLIC})


def load_ipython_extension(ipython: object) -> None:
    """Carry ``%load_ext jupyter_jobsub`` out."""
    from importlib import import_module

    import_module(".magic", __name__).load(ipython)


def unload_ipython_extension(ipython: object) -> None:
    """Carry ``%unload_ext jupyter_jobsub`` out."""
    from importlib import import_module

    import_module(".magic", __name__).unload(ipython)


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    """Where JupyterLab's tools find the panel while it is developed."""
    return [{"src": "labextension", "dest": "jupyter-jobsub"}]


def _jupyter_server_extension_points() -> list[dict[str, object]]:
    """Name the extension to Jupyter Server, which loads it only then."""
    from .extension.app import JobsubExtension

    return [{"module": "jupyter_jobsub.extension.app", "app": JobsubExtension}]
