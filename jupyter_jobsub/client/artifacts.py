"""What a job has left in ``$JOBSUB_ARTIFACTS``."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import UsageError

if TYPE_CHECKING:
    from .api import Client, Row


def below(folder: Path, path: str) -> Path:
    """Give a file's place in a folder, and in no other, whatever its path is.

    Raises
    ------
    UsageError
        If a link in the folder leads out of it.
    """
    target = folder.joinpath(*(part for part in path.split("/") if part not in ("", ".", "..")))
    root, parent = folder.resolve(), target.parent.resolve()
    if root != parent and root not in parent.parents:
        raise UsageError(f"{target} would be outside of {folder}", remedy="give another folder")
    return target


class Artifacts:
    """The files that a job keeps; as an iterable, their rows.

    Parameters
    ----------
    service:
        The service that has them.
    job_id:
        Whose they are.
    attempt:
        Of which attempt; the newest if None.
    """

    def __init__(self, service: Client, job_id: str, attempt: int | None = None) -> None:
        self._service = service
        self._job_id = job_id
        self._attempt = attempt

    def of_attempt(self, attempt: int) -> Artifacts:
        """Give those of another attempt."""
        return Artifacts(self._service, self._job_id, attempt)

    def listing(self) -> Row:
        """Fetch ``items`` and what is said of them: ``bytes``, whether they are ``complete``, ``dropped``."""
        return self._service.artifacts(self._job_id, attempt=self._attempt)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.listing()["items"])

    def read(self, path: str) -> bytes:
        """Fetch one file whole.

        Parameters
        ----------
        path:
            As the list names it.

        Raises
        ------
        NotFound
            If there is no such file.
        Expired
            If the job's time to live is over.
        """
        return b"".join(self._service.artifact(self._job_id, path, attempt=self._attempt))

    def download(self, path: str | None = None, to: str | os.PathLike[str] = ".") -> list[Path]:
        """Write one file, or all, below a folder, which is made if it isn't there.

        Parameters
        ----------
        path:
            The file, as the list names it; all if None.
        to:
            The folder; files keep their relative paths in it, and replace what is there.

        Returns
        -------
        list of Path
            What was written.
        """
        names = [row["path"] for row in self] if path is None else [path]
        return [self.save(name, below(Path(to), name)) for name in names]

    def save(self, path: str, target: Path, told: Callable[[int], object] = int) -> Path:
        """Write one file to a place, whole or not at all.

        Parameters
        ----------
        told:
            Called with the length of each piece that was written.
        """
        chunks = self._service.artifact(self._job_id, path, attempt=self._attempt)
        first = next(chunks, b"")  # if there is no such file nothing is made
        if target.is_dir() and not target.is_symlink():
            raise UsageError(f"{target} is a folder", remedy="move it away, or give another folder")
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f".jobsub-{os.urandom(4).hex()}.part")
        try:
            with part.open("wb") as file:
                for chunk in chain([first], chunks):
                    file.write(chunk)
                    told(len(chunk))
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
        return target

    def list(self) -> list[Row]:
        """Fetch the list: for each file its ``path``, ``size`` in bytes and ``modified_at``."""
        return [*self]

    def __repr__(self) -> str:
        return f"<Artifacts of {self._job_id}>"
