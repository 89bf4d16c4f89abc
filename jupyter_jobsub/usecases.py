"""What anyone can do to jobs, each with its permission check.

Surfaces come in here; what they want is written as intents, which the dispatcher acts on.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from .engines.base import Engine
from .errors import Conflict, FieldError, Forbidden, InvalidRequest, NotFound
from .model.catalog import Catalog, Group, InstanceType
from .model.job import Event, Intent, Job, JobId, UserName, new_job_id
from .model.resources import Resources
from .model.spec import JobSpec
from .policy import Action, Person, may, possible, visible
from .scheduling.admission import never_fits
from .settings import Settings
from .store.base import Count, Idempotency, JobQuery, KeyReused, Page, StaleJob, Store

_NOT_FOUND = "no such job, or it is not yours to see"


@dataclass(frozen=True)
class Source:
    """The text of a notebook (its outputs stripped) or script, and the notebook's own kernel."""

    text: bytes
    kernel: str | None = None


class Sources(Protocol):
    """Reads the text of a notebook or script at submit, as the person."""

    def __call__(self, spec: JobSpec) -> Source:
        """Answer the text, or raise InvalidRequest naming the field."""


@dataclass
class Usecases:
    """The verbs; handlers parse, call one of these, and reply."""

    store: Store
    engine: Engine
    settings: Settings
    sources: Sources
    waiting_of: Callable[[UserName], int]

    @property
    def catalog(self) -> Catalog:
        """The catalog as it is now."""
        return self.settings.catalog

    async def submit(
        self,
        person: Person,
        spec: JobSpec,
        *,
        key: str | None = None,
        rerun_of: Job | None = None,
    ) -> tuple[Job, bool]:
        """Check and store a job; answer it, and False if the key had made it before.

        Raises
        ------
        InvalidRequest
            With every field that is wrong.
        Conflict
            If the idempotency key came with another body.
        """
        submitted = _digest(spec)
        source = await self._source(spec, rerun_of)
        resolved, request = self._resolve(person, spec, source)
        now = self.settings.clock()
        job = Job(
            id=new_job_id(now),
            user=person.name,
            spec=resolved,
            request=request,
            queued_at=now,
            rerun_of=rerun_of.id if rerun_of else None,
        )
        once = Idempotency(person.name, key, submitted) if key else None
        try:
            return await self.store.add(job, snapshot=source.text if source else None, idempotency=once)
        except KeyReused as error:
            raise Conflict(
                f"the Idempotency-Key {key!r} was used for another job",
                remedy="use a new key for each job, or send the same body again",
            ) from error

    async def rerun(self, person: Person, id: JobId, *, key: str | None = None) -> tuple[Job, bool]:
        """Submit the same again, from the snapshot that was kept."""
        job = await self._for(person, id, Action.RERUN)
        return await self.submit(person, job.spec, key=key, rerun_of=job)

    async def get(self, person: Person, id: JobId) -> Job:
        """Read a job's row."""
        return await self._for(person, id, Action.SEE, checked=False)

    async def read(self, person: Person, id: JobId) -> Job:
        """Read a job of which spec, log or timeline is wanted."""
        return await self._for(person, id, Action.READ, checked=False)

    async def page(self, person: Person, query: JobQuery) -> Page:
        """List what the person may see."""
        try:
            return await self.store.page(replace(query, visible=visible(person, self.settings)))
        except ValueError as error:
            raise InvalidRequest(
                [FieldError("cursor", "is not one that this service gave", "take it from a page's next")]
            ) from error

    async def timeline(self, person: Person, id: JobId) -> list[Event]:
        """What happened to a job, oldest first."""
        job = await self.read(person, id)
        return await self.store.timeline(job.id)

    async def intend(self, person: Person, id: JobId, action: Action) -> Job:
        """Write down that the person wants a job cancelled, paused or resumed."""
        intent = {Action.CANCEL: Intent.CANCEL, Action.PAUSE: Intent.PAUSE, Action.RESUME: Intent.RUN}[action]

        async def write(job: Job) -> Job:
            wish = replace(job, intent=intent, intent_by=person.name)
            (stored,) = await self.store.save([(job, wish)])
            if isinstance(stored, StaleJob):
                raise stored
            return stored

        return await self._until_fresh(person, id, action, write)

    async def delete(self, person: Person, id: JobId) -> Job:
        """Remove an ended job for good."""

        async def remove(job: Job) -> Job:
            await self.store.delete(job)
            return job

        return await self._until_fresh(person, id, Action.DELETE, remove)

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

    async def _for(self, person: Person, id: JobId, action: Action, *, checked: bool = True) -> Job:
        job = await self.store.get(id)
        if job is None or not self.sees(person, job):
            raise NotFound(f"{id}: {_NOT_FOUND}", remedy="list your jobs to see their ids")
        if not may(person, action, job, self.settings):
            raise Forbidden(
                f"{job.user}'s job {id}: you may not {action.value} it",
                remedy=f"ask {job.user} or an admin of the group {job.spec.group}",
            )
        if checked and not possible(action, job):
            raise Conflict(
                f"{id} is {_state(job)}: it can't be {_PAST[action]} now", remedy=_remedy(action, job)
            )
        return job

    def _resolve(self, person: Person, spec: JobSpec, source: Source | None) -> tuple[JobSpec, Resources]:
        """Fill in defaults and check the spec against the catalog, every error at once."""
        errors: list[FieldError] = []
        group = self._group(person, spec, errors)
        kind = self._instance_type(spec, group, errors)
        image = self._image(spec, group, source, errors)
        request = (kind.resources if kind else Resources()) * sum(spec.roles.values())
        if group and kind:
            for whose, short in never_fits(request, group, self.engine.capacity()):
                errors.append(
                    FieldError("instance_type", f"can never fit {whose}: {short}", "choose a smaller one")
                )
        if self.waiting_of(person.name) >= self.settings.max_waiting_per_user:
            limit = self.settings.max_waiting_per_user
            errors.append(
                FieldError("(whole)", f"you have {limit} waiting jobs already", "wait, or cancel some")
            )
        errors += [FieldError(*row) for row in self.engine.check(spec, self.catalog)]
        if errors or not group or not kind:
            raise InvalidRequest(errors)
        filled = {"group": group.name, "instance_type": kind.name, "name": spec.name or default_name(spec)}
        return spec.model_copy(update=filled | {"image": image}), request

    def _group(self, person: Person, spec: JobSpec, errors: list[FieldError]) -> Group | None:
        mine = self.catalog.groups_of(person.name)
        found = next((g for g in mine if spec.group in (None, g.name)), None)
        if not found:
            names = ", ".join(g.name for g in mine) or "none: ask an operator to add you to one"
            errors.append(
                FieldError("group", f"you are in no group {spec.group or ''}".rstrip(), f"yours: {names}")
            )
        return found

    def _instance_type(
        self, spec: JobSpec, group: Group | None, errors: list[FieldError]
    ) -> InstanceType | None:
        types = self.catalog.instance_types_of(group) if group else list(self.catalog.instance_types.values())
        found = next((t for t in types if spec.instance_type in (None, t.name)), None)
        if not found:
            names = ", ".join(t.name for t in types)
            errors.append(
                FieldError("instance_type", f"there is no {spec.instance_type!r}", f"there are: {names}")
            )
        return found

    def _image(
        self, spec: JobSpec, group: Group | None, source: Source | None, errors: list[FieldError]
    ) -> str | None:
        """What is asked for, else the notebook's own kernel, else where it was submitted from."""
        images = (
            [image.name for image in self.catalog.images_of(group)] if group else list(self.catalog.images)
        )
        if spec.image is None:
            own = source.kernel if source and source.kernel in images else spec.environment
            return own or next(iter(images), None)
        if not spec.image.startswith("/") and spec.image not in images:
            errors.append(
                FieldError("image", f"there is no {spec.image!r}", f"there are: {', '.join(images)}")
            )
        return spec.image

    async def _source(self, spec: JobSpec, rerun_of: Job | None) -> Source | None:
        if not spec.source:
            return None
        kept = await self.store.snapshot(rerun_of.snapshot) if rerun_of and rerun_of.snapshot else None
        return Source(kept) if kept is not None else self.sources(spec)


_PAST = {
    Action.CANCEL: "cancelled",
    Action.PAUSE: "paused",
    Action.RESUME: "resumed",
    Action.RERUN: "rerun",
    Action.DELETE: "deleted",
}


def _state(job: Job) -> str:
    stopping = job.phase.placed and job.intent is not Intent.RUN
    return f"{job.phase.value} ({job.reason.value})" if stopping else job.phase.value


def _remedy(action: Action, job: Job) -> str:
    if job.phase.final:
        return "it has ended: rerun or clone it" if action is not Action.DELETE else ""
    if action in (Action.RERUN, Action.DELETE):
        return "cancel it first, or wait for its end" + (
            "; clone works now" if action is Action.RERUN else ""
        )
    if action is Action.RESUME:
        return "it is not paused" if job.intent is Intent.RUN else "wait until it has stopped"
    return "nothing more to do: it is being ended"


def default_name(spec: JobSpec) -> str:
    """Make a name from what runs: the file's, or the command's first words."""
    if spec.source:
        return spec.source.rsplit("/", 1)[-1][:128]
    first = next(
        (line.strip() for line in spec.shell_text(next(iter(spec.roles))).splitlines() if line.strip()), ""
    )
    words = " ".join("".join(c if c.isprintable() else " " for c in first).split())
    return (words if len(words) <= 60 else words[:57] + "...").lstrip("/").replace("..", ".") or "job"


def _digest(spec: JobSpec) -> str:
    text = json.dumps(spec.model_dump(mode="json"), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
