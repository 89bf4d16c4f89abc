"""The service as a process: ``python -m jupyter_jobsub.service``."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ..errors import JobsubError
from ..paths import data_dir
from .check import check, namespace
from .host_local import serve

log = logging.getLogger(__name__)


class _Threads(ThreadPoolExecutor):
    """Threads that nobody waits for in the end: one may be at a disk that does not answer."""

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let them go."""
        super().shutdown(wait=False, cancel_futures=True)


async def _serve(folder: Path, ready: Callable[[], None]) -> None:
    asyncio.get_running_loop().set_default_executor(_Threads())
    await serve(folder, ready)


def main() -> int:
    """Serve until told to stop; 1 if it can't start."""
    parser = argparse.ArgumentParser(prog="jupyter jobsub serve", description=__doc__)
    parser.add_argument("--data-dir", type=Path, default=None, help="the store's folder")
    parser.add_argument("--ready-fd", type=int, default=None, help="where to write 'ready' or 'error …'")
    parser.add_argument("--check", action="store_true", help="print what would hinder a start, and end")
    parser.add_argument("--namespace", action="store_true", help="print where on a cluster jobs run, and end")
    options = parser.parse_args()
    folder = options.data_dir or data_dir()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")

    def tell(line: str) -> None:
        fd, options.ready_fd = options.ready_fd, None
        if fd is not None:
            os.write(fd, f"{line}\n".encode())
            os.close(fd)

    if options.check:
        check(folder)
        return 0
    try:
        if options.namespace:
            print(namespace())
            return 0
        asyncio.run(_serve(folder, lambda: tell("ready")))
        return 0
    except JobsubError as error:
        message = " ".join(str(error).split())
    except Exception as error:
        log.exception("the service ended")
        message = f"{type(error).__name__}: {' '.join(str(error).split())}; see the service's log"
    tell(f"error {message}")
    print(f"jupyter jobsub: {message}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    code = main()
    logging.shutdown()
    sys.stdout.flush()
    os._exit(code)  # without waiting for threads
