"""What makes jobs: everything is checked before anything is stored, and a key makes it once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from .engines.base import Engine
from .errors import Conflict, FieldError, InvalidRequest
from .model.job import Job, SweepId, UserName, new_job_id, new_sweep_id
from .model.spec import JobSpec, parse_spec
from .model.sweep import jobs_of, parse_sweep, size
from .policy import Person
from .resolution import Resolved, Source, Sources, resolve
from .settings import Settings
from .store.base import Idempotency, KeyReused, Store


@dataclass
class Submission:
    """The verbs that make jobs."""

    store: Store
    engine: Engine
    settings: Settings
    sources: Sources
    waiting_of: Callable[[UserName], int]

    async def submit(self, person: Person, data: Any, *, key: str | None = None) -> tuple[Job, bool]:
        """Check and store a job; answer it, and False if the key had made it before.

        Parameters
        ----------
        data:
            The specification as decoded JSON.

        Raises
        ------
        InvalidRequest
            With every field that is wrong.
        Conflict
            If the idempotency key came with another body.
        """
        spec, wrong = parse_spec(data)
        return await self._submit(person, spec, wrong, once_by(person, key, data))

    async def _submit(
        self,
        person: Person,
        spec: JobSpec,
        wrong: Sequence[FieldError],
        once: Idempotency | None,
        *,
        rerun_of: Job | None = None,
    ) -> tuple[Job, bool]:
        with _one_use(once):
            if once and (made := await self.store.made(once)):
                return made, False
            errors = list(wrong)
            source = await self._source(spec, rerun_of, errors)
            waiting = self.waiting_of(person.name)
            found = resolve(spec, errors, person, self.settings, self.engine, source, waiting)
            job = replace(self._job(person, found), rerun_of=rerun_of.id if rerun_of else None)
            return await self.store.add(job, snapshot=found.snapshot, idempotency=once)

    async def submit_sweep(
        self, person: Person, data: Any, *, key: str | None = None
    ) -> tuple[SweepId, list[Job], bool]:
        """Check and store the jobs of a parameter sweep, all or none.

        Parameters
        ----------
        data:
            A specification and a grid of values, see `model.sweep.Sweep`, as decoded JSON.

        Returns
        -------
        tuple
            The sweep's id, its jobs in the order of the grid, and False if the key had made them before.

        Raises
        ------
        InvalidRequest
            With every field that is wrong.
        Conflict
            If the idempotency key came with another body.
        """
        once = once_by(person, key, ["sweep", data])
        with _one_use(once):
            if once and (made := await self.store.made(once)) and made.sweep:
                return made.sweep, await self.store.sweep(made.sweep), False
            found, specs = await self._resolve_sweep(person, data)
            first = self._job(person, found)
            id = new_sweep_id(first.queued_at)
            jobs = [replace(first, id=new_job_id(first.queued_at), spec=spec, sweep=id) for spec in specs]
            stored, new = await self.store.add_sweep(jobs, snapshot=found.snapshot, idempotency=once)
            return stored[0].sweep or id, stored, new

    async def _resolve_sweep(self, person: Person, data: Any) -> tuple[Resolved, list[JobSpec]]:
        spec, grid, in_spec, wrong = parse_sweep(data)
        source = await self._source(spec, None, in_spec)
        wrong += self._too_many(person, size(grid))
        try:
            found = resolve(spec, in_spec, person, self.settings, self.engine, source, waiting=0)
        except InvalidRequest as error:
            wrong = [*(_in_spec(each) for each in error.errors), *wrong]
        if wrong:
            raise InvalidRequest(wrong)
        group = self.settings.catalog.groups[found.spec.group or ""]
        return found, jobs_of(found.spec, grid, tells_values=group.share_logs)

    def _too_many(self, person: Person, jobs: int) -> list[FieldError]:
        waiting, most = self.waiting_of(person.name), self.settings.max_waiting_per_user
        if waiting + jobs <= most:
            return []
        text = f"makes {jobs} jobs, and you have {waiting} waiting jobs: {most} are allowed"
        return [FieldError("grid", text, "wait for some to start, cancel some, or give fewer values")]

    def _job(self, person: Person, found: Resolved) -> Job:
        now = self.settings.clock()
        return Job(
            id=new_job_id(now),
            user=person.name,
            spec=found.spec,
            request=found.request,
            shares=found.shares,
            queued_at=now,
        )

    async def _source(self, spec: JobSpec, rerun_of: Job | None, errors: list[FieldError]) -> Source | None:
        """What was kept of the notebook or script, or what it is now."""
        if (
            rerun_of
            and rerun_of.snapshot
            and (kept := await self.store.snapshot(rerun_of.snapshot)) is not None
        ):
            return Source(kept)
        try:
            return await self.sources(spec) if spec.source else None
        except InvalidRequest as error:
            errors.extend(error.errors)
            return None


@contextmanager
def _one_use(once: Idempotency | None) -> Iterator[None]:
    """Tell a key that came with another request."""
    try:
        yield
    except KeyReused as error:
        raise Conflict(
            f"the Idempotency-Key {once.key if once else ''!r} was used for another job",
            remedy="use a new key for each job, or send the same body again",
        ) from error


def _in_spec(error: FieldError) -> FieldError:
    field = "spec" if error.field == "(whole)" else f"spec.{error.field}"
    return FieldError(field, error.message, error.remedy)


def once_by(person: Person, key: str | None, asked: Any) -> Idempotency | None:
    """What a key is remembered with."""
    if key is None:
        return None
    digest = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
    return Idempotency(person.name, key, digest)
