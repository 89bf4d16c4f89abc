"""What anyone can do to jobs, each with its permission check.

Surfaces come in here; what they want is written as intents, which the dispatcher acts on.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .archive import Archive
from .errors import Conflict, FieldError, Forbidden, InvalidRequest, NotFound, StoreError
from .model.catalog import Catalog
from .model.edit import WHILE_IT_WAITS, JobEdit, changed, parse_edit, told
from .model.job import Event, Intent, Job, JobId, Phase
from .model.spec import JobSpec
from .policy import Action, Person, may, possible, repeated, visible
from .store.base import Count, JobQuery, Page, StaleJob
from .submission import Submission, once_by

_NOT_FOUND = "no such job, or it is not yours to see"


@dataclass
class Usecases(Submission):
    """The verbs; handlers parse, call one of these, and reply."""

    archive: Archive

    @property
    def catalog(self) -> Catalog:
        """The catalog as it is now."""
        return self.settings.catalog

    async def rerun(self, person: Person, id: JobId, *, key: str | None = None) -> tuple[Job, bool]:
        """Submit the same again, from the snapshot that was kept."""
        job = await self._for(person, id, Action.RERUN)
        return await self._submit(person, job.spec, [], once_by(person, key, ["rerun", id]), rerun_of=job)

    async def get(self, person: Person, id: JobId) -> Job:
        """Read a job's row."""
        return await self._for(person, id, Action.SEE, checked=False)

    async def read(self, person: Person, id: JobId) -> Job:
        """Read a job of which spec, log or timeline is wanted."""
        return await self._for(person, id, Action.READ, checked=False)

    async def spec(self, person: Person, id: JobId) -> tuple[Job, JobSpec]:
        """Read a job and what was asked for, with the text that was sent along."""
        job = await self.read(person, id)
        if job.spec.content is None or job.snapshot is None:
            return job, job.spec
        text = await self.store.snapshot(job.snapshot)
        if text is None:
            raise NotFound(f"{id}: {_NOT_FOUND}", remedy="list your jobs to see their ids")
        return job, job.spec.model_copy(update={"content": text.decode()})

    async def page(self, person: Person, query: JobQuery) -> Page:
        """List what the person may see."""
        try:
            return await self.store.page(replace(query, visible=visible(person, self.settings)))
        except ValueError as error:
            raise InvalidRequest(
                [
                    FieldError(
                        "cursor",
                        "is not one that this service gave for this order",
                        "take it from the next of a page in the same order, or give offset",
                    )
                ]
            ) from error

    async def timeline(self, person: Person, id: JobId) -> list[Event]:
        """What happened to a job, oldest first."""
        job = await self.read(person, id)
        return await self.store.timeline(job.id)

    async def intend(self, person: Person, id: JobId, action: Action) -> Job:
        """Write down that the person wants a job cancelled, paused or resumed."""
        intent = {Action.CANCEL: Intent.CANCEL, Action.PAUSE: Intent.PAUSE, Action.RESUME: Intent.RUN}[action]

        async def write(job: Job) -> Job:
            if repeated(action, job):
                return job
            return await self._stored(job, replace(job, intent=intent, intent_by=person.name))

        return await self._until_fresh(person, id, action, write)

    async def edit(self, person: Person, id: JobId, data: Any) -> Job:
        """Change a job's name and, while it waits, its priority and deadline.

        Raises
        ------
        InvalidRequest
            With every field that is wrong.
        Conflict
            If the job no longer waits.
        """
        asked = parse_edit(data)

        async def write(job: Job) -> Job:
            edit = changed(job.spec, asked)
            if not edit:
                return job
            _refuse_late(job, edit)
            return await self.store.edit(job, edit, f"{person.name} changed {told(job.spec, edit)}")

        return await self._until_fresh(person, id, Action.EDIT, write)

    async def delete(self, person: Person, id: JobId) -> Job:
        """Remove an ended job for good."""

        async def remove(job: Job) -> Job:
            # An engine that is away and a full disk refuse here, before anything is gone that people
            # read. The row goes last: whoever is killed in between leaves one that says what is gone,
            # and can be deleted again.
            await self.engine.purge(job.id)
            job = await self._stored(job, replace(job, log_expired=True, kept_bytes=0))
            await self._remove(job)
            await self.store.delete(job)
            return job

        return await self._until_fresh(person, id, Action.DELETE, remove)

    async def purge(self, person: Person, id: JobId) -> Job:
        """Remove the log, metrics and artifacts of an ended job now; its row stays, and says so."""

        async def remove(job: Job) -> Job:
            if job.log_expired:
                return job
            await self.engine.purge(job.id)
            await self._remove(job)
            return await self._stored(job, replace(job, log_expired=True, kept_bytes=0))

        return await self._until_fresh(person, id, Action.PURGE, remove)

    async def _remove(self, job: Job) -> None:
        try:
            await self.archive.remove(job.id)
        except OSError as error:
            raise StoreError(f"what is kept of {job.id} can't be removed: {error.strerror}") from error

    async def counts(self, person: Person) -> Sequence[Count]:
        """Count the jobs of the groups that the person may see."""
        seen = visible(person, self.settings)
        counts = await self.store.counts()
        return [c for c in counts if seen.groups is None or c.group in seen.groups or c.user == seen.user]

    def sees(self, person: Person, job: Job) -> bool:
        """Say whether the person may know that the job exists."""
        return may(person, Action.SEE, job, self.settings)

    async def _until_fresh(
        self, person: Person, id: JobId, action: Action, write: Callable[[Job], Awaitable[Job]]
    ) -> Job:
        while True:
            job = await self._for(person, id, action)
            try:
                return await write(job)
            except StaleJob:
                continue  # the dispatcher moved it meanwhile: look again whether it is still possible

    async def _stored(self, before: Job, after: Job) -> Job:
        (stored,) = await self.store.save([(before, after)])
        if isinstance(stored, StaleJob):
            raise stored
        return stored

    async def _for(self, person: Person, id: JobId, action: Action, *, checked: bool = True) -> Job:
        job = await self.store.get(id)
        if job is None or not self.sees(person, job):
            raise NotFound(f"{id}: {_NOT_FOUND}", remedy="list your jobs to see their ids")
        if not may(person, action, job, self.settings):
            raise Forbidden(
                f"{job.user}'s job {id}: you may not {action.value} it",
                remedy=f"ask {job.user} or an admin of the group {job.spec.group}",
            )
        if checked and not (possible(action, job) or repeated(action, job)):
            raise Conflict(
                f"{id} is {_state(job)}: it can't be {_PAST[action]} now", remedy=_remedy(action, job)
            )
        return job


_PAST = {
    Action.CANCEL: "cancelled",
    Action.PAUSE: "paused",
    Action.RESUME: "resumed",
    Action.RERUN: "rerun",
    Action.PURGE: "purged",
    Action.DELETE: "deleted",
}


def _refuse_late(job: Job, edit: JobEdit) -> None:
    late = [name for name in WHILE_IT_WAITS if name in edit]
    if late and job.phase not in (Phase.PENDING, Phase.PAUSED):
        raise Conflict(
            f"{job.id} is {_state(job)}: {' and '.join(late)} can change only while it waits",
            remedy="clone it with other values"
            if job.phase.final
            else "pause it first; once resumed it starts from the beginning, in its old place",
        )


def _state(job: Job) -> str:
    stopping = job.phase.placed and job.intent is not Intent.RUN
    return f"{job.phase.value} ({job.reason.value})" if stopping else job.phase.value


def _remedy(action: Action, job: Job) -> str:
    if job.phase.final:
        return "it has ended: rerun or clone it" if action not in (Action.PURGE, Action.DELETE) else ""
    if action in (Action.RERUN, Action.PURGE, Action.DELETE):
        return "cancel it first, or wait for its end" + (
            "; clone works now" if action is Action.RERUN else ""
        )
    if action is Action.RESUME:
        return "it is not paused" if job.intent is Intent.RUN else "wait until it has stopped"
    return "nothing more to do: it is being ended"
