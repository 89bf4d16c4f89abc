"""Hand notebooks, scripts and commands from Jupyter to a queue, and watch them to their end."""

__version__ = "0.1.0.dev0"


def _jupyter_server_extension_points() -> list[dict[str, object]]:
    """Name the extension to Jupyter Server, which loads it only then."""
    from .extension.app import JobsubExtension

    return [{"module": "jupyter_jobsub.extension.app", "app": JobsubExtension}]
