"""The service, wired: store, engine, archive, dispatcher and use cases behind HTTP."""

from __future__ import annotations

import asyncio
import logging
import os
import re
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any
from urllib.parse import unquote

from tornado.httputil import HTTPServerRequest
from tornado.web import Application

from .. import __version__
from ..archive import Archive, ArtifactLimits
from ..config import JobsubService, read_config
from ..dispatcher import Dispatcher
from ..engines.base import Engine
from ..errors import Forbidden, NotFound
from ..model.catalog import Catalog
from ..model.job import JOB_ID, Intent, Job, JobId, Micros, Phase, UserName
from ..policy import Action, Person, allowed, may, rights, who_may
from ..resolution import Sources
from ..scheduling import lifecycle
from ..settings import Settings
from ..store.base import Store
from ..usecases import Usecases
from . import render
from .catalog import build_catalog
from .http import Call, Handler, Missing, Route
from .hub import Hub
from .live import Live
from .metrics import exposition
from .routes import ROUTES
from .usage import Disk, usage

log = logging.getLogger(__name__)

_ID = re.compile(JOB_ID)


class Service:
    """Everything that handlers need, opened and closed together.

    Parameters
    ----------
    found:
        The catalog where nothing is configured: what the engine's machine offers.
    owner:
        The operating-system user that the service runs as.
    clock:
        Tells the time, to the store and the engine too.
    place:
        Facts for `status`: socket, data_dir and database.
    """

    def __init__(
        self,
        config: JobsubService,
        store: Store,
        engine: Engine,
        archive: Archive,
        sources: Sources,
        found: Catalog,
        owner: UserName,
        clock: Callable[[], Micros],
        place: dict[str, str],
    ) -> None:
        self.config = config
        self.store = store
        self.engine = engine
        self.archive = archive
        self.owner = owner
        self.place = place
        self.stopping = asyncio.Event()
        self._found = found
        self._clock = clock
        self.settings = self._settings(config)
        self.dispatcher = Dispatcher(store, engine, archive, lambda: self.settings)
        self.usecases = Usecases(store, engine, self.settings, sources, self.dispatcher.waiting_of, archive)
        self._began = self.settings.clock()

    async def open(self) -> None:
        """Open the store, take up what is unfinished, begin."""
        await self.store.open()
        self.hub = Hub(self.store, Live(self.archive.logs))
        self.dispatcher.sampler.listeners.append(self.hub.live.touch)
        await self.dispatcher.open()
        for job in self.dispatcher.unfinished:
            self.hub.live.take(job)

    async def close(self) -> None:
        """Let readers go, finish what is being written."""
        self.hub.close()
        await self.dispatcher.close()
        await self.store.close()

    def application(self) -> Application:
        """Serve every route."""
        paths = [
            (path_pattern(path), Handler, {"service": self, "routes": {r.method: r for r in routes}})
            for path, routes in groupby(sorted(ROUTES, key=_path), key=_path)
        ]
        nothing = {"service": self, "routes": {}}
        return Application(
            paths, default_handler_class=Missing, default_handler_args=nothing, log_function=_log_request
        )

    def person_of(self, request: HTTPServerRequest) -> Person:
        """Who asks: the socket's owner, or whom its owner forwards."""
        if self.config.identity == "os":
            return Person(self.owner, admin=True)
        name = unquote(request.headers.get("Jobsub-User", ""))  # a header holds ASCII only
        if not name:  # nobody is forwarded: it is the owner at the socket
            return Person(self.owner, admin=True)
        if not name.isprintable() or len(name) > 128:
            raise Forbidden(
                "the request names no user", remedy="sign in to Jupyter Server under a shorter name"
            )
        return Person(UserName(name), admin=name in self.settings.admins)

    def require_admin(self, person: Person) -> None:
        """Let only operators pass."""
        if not person.admin:
            raise Forbidden(f"{person.name} may not do this", remedy="ask one of JobsubService.admins")

    def id_of(self, call: Call) -> JobId:
        """The id in the path, if it can be one."""
        id = call.params["id"]
        if not _ID.fullmatch(id):
            raise NotFound(f"{id[:80]!r} is not a job's id", remedy="list your jobs to see their ids")
        return JobId(id)

    def rows(self, jobs: Sequence[Job], person: Person) -> list[dict[str, Any]]:
        """Jobs as this person sees them now."""
        now = self.settings.clock()
        return [self._row(job, person, now) for job in jobs]

    def row(self, job: Job, person: Person) -> dict[str, Any]:
        """A job as this person sees it now."""
        return self._row(job, person, self.settings.clock())

    def _row(self, job: Job, person: Person, now: Micros) -> dict[str, Any]:
        job = lifecycle.asked(job)  # what is being ended says so at once
        granted = rights(person, job, self.settings)
        data = render.row(job, now)
        if Action.READ not in granted:
            data |= {"message": "", "parameters": {}}  # a message may quote the command's own words
        elif job.phase is Phase.RUNNING:
            data["progress"] = render.progress(self.hub.live.progress(job, now))
            data["usage"] = render.usage(self.dispatcher.sampler.usage(job.id))
        if job.phase is Phase.PENDING and job.intent is Intent.RUN:
            block, data["position"] = self.dispatcher.why(job)
            if block:
                data["reason"] = block.reason.value
                data["message"] = "; ".join(filter(None, [block.message, data["message"]]))
        possible = granted - {Action.PURGE} if job.log_expired else granted
        data["allowed"] = list(allowed(possible, job.phase, job.intent))
        return data

    def detail(self, job: Job, person: Person) -> dict[str, Any]:
        """A job's page."""
        shown = render.detail(job, self.engine.addresses(job)) | {"output": self.output(job)}
        if not may(person, Action.READ, job, self.settings):
            shown |= {"tasks": [], "command": "", "working_dir": None, "output": None}
        return self.row(job, person) | shown

    def output(self, job: Job) -> str | None:
        """Where the output notebook of the newest attempt is, if the job makes one."""
        group = self.settings.catalog.groups.get(job.spec.group or "")
        folder = self.archive.artifacts.folder(job.id, job.attempt)
        return self.engine.output(job, group.volume if group else None, folder)

    def catalog_for(self, person: Person) -> dict[str, Any]:
        """What this person can ask for."""
        catalog, config = self.settings.catalog, self.config
        groups = [
            render.group(
                group,
                [t.name for t in catalog.instance_types_of(group)],
                [i.name for i in catalog.images_of(group)],
            )
            for group in catalog.groups_of(person.name)
        ]
        types = catalog.instance_types.values()
        return {
            "user": person.name,
            "engine": self.engine.name,
            "groups": groups,
            "instance_types": [
                {"name": t.name, "description": t.description} | render.resources(t.resources) for t in types
            ],
            "images": [
                {"name": i.name, "reference": i.reference, "description": i.description}
                for i in catalog.images.values()
            ],
            "defaults": {
                "group": groups[0]["name"] if groups else None,
                "instance_type": next((t for g in groups for t in g["instance_types"]), None),
                "image": next(iter(catalog.images), None),
                "priority": 100,
                "deadline_seconds": 86400,
                "ttl_seconds": 7 * 86400,
            },
            "limits": {
                "max_waiting_per_user": config.max_waiting_per_user,
                "max_body_bytes": config.max_body_bytes,
                "max_snapshot_bytes": config.max_snapshot_bytes,
                "max_log_bytes": config.max_log_bytes,
                "max_artifact_files": config.max_artifact_files,
                "max_artifact_bytes": config.max_artifact_bytes,
            },
            "notes": list(catalog.notes),
        }

    async def usage_for(self, person: Person) -> dict[str, Any]:
        """Quotas of the person's groups, and what is held of them."""
        counts = await self.usecases.counts(person)
        kept = sum(count.bytes for count in await self.store.counts())
        total, free = await asyncio.to_thread(self.archive.room)
        catalog, held = self.settings.catalog, self.dispatcher.held
        return usage(person, catalog, held, counts, self.engine.capacity(), Disk(total, free, kept))

    async def status_for(self, person: Person) -> dict[str, Any]:
        """Facts about the service, and how many jobs that the person may see stand where."""
        jobs = {phase.value: 0 for phase in Phase}
        for count in await self.usecases.counts(person):
            jobs[count.phase.value] += count.jobs
        return self.place | {
            "pid": os.getpid(),
            "store": self.store.id,
            "engine": self.engine.name,
            "runs_on": self.engine.place(),
            "trouble": self.dispatcher.opening.trouble,
            "version": __version__,
            "started_at": render.time_text(self._began),
            "user": self.owner,
            "jobs": jobs,
            "draining": self.dispatcher.draining,
            "waiting_launches": self.dispatcher.waiting_launches,
        }

    async def metrics(self) -> bytes:
        """Figures for Prometheus."""
        return exposition(await self.store.counts(), self.dispatcher.held, len(self.hub))

    def stop(self) -> None:
        """End; jobs run on."""
        self.stopping.set()

    def drain(self, on: bool) -> None:
        """Admit no more jobs, or admit again."""
        self.dispatcher.draining = on
        self.dispatcher.wake()

    def reload(self) -> dict[str, list[str]]:
        """Reread the configuration; answer which settings changed, and which count from the next start on."""
        new = read_config()
        settings = self._settings(new)
        names = JobsubService.class_trait_names(config=True)
        changed = [name for name in sorted(names) if getattr(new, name) != getattr(self.config, name)]
        later = [name for name in changed if name in JobsubService.class_trait_names(at_start=True)]
        for name in later:
            setattr(new, name, getattr(self.config, name))
        if "identity" in changed or who_may(settings) != who_may(self.settings):
            self.hub.close()  # what a stream may show was decided when it began: its reader comes back
        self.config, self.settings = new, settings
        self.usecases.settings = settings
        self.dispatcher.wake()
        return {"changed": [name for name in changed if name not in later], "at_next_start": later}

    def _settings(self, config: JobsubService) -> Settings:
        return Settings(
            catalog=build_catalog(config, self._found, self.engine),
            admins=frozenset(config.admins),
            start_timeout=config.start_timeout_seconds,
            pull_timeout=config.pull_timeout_seconds,
            halt_grace=config.halt_grace_seconds,
            max_waiting_per_user=config.max_waiting_per_user,
            artifacts=ArtifactLimits(config.max_artifact_files, config.max_artifact_bytes),
            clock=self._clock,
        )


def path_pattern(path: str) -> str:
    """A route's path as a regular expression."""
    path = path.replace(".", r"\.").replace("{path}", r"(?P<path>.+)")
    return re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path)


def _path(route: Route) -> str:
    return route.path


def _log_request(handler: Any) -> None:
    if handler.get_status() >= 500:
        log.error("%s %s: %d", handler.request.method, handler.request.path, handler.get_status())
