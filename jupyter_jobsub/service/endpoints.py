"""The endpoints: parse, call a use case, reply."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from ..errors import ConfigError, FieldError, InvalidRequest
from ..model.explain import explain
from ..model.job import Job
from ..policy import Action, hides_env
from . import render
from .events import last_event_id, stream_events
from .http import Call, Reply
from .openapi import document
from .schemas import DrainBody, EventsQuery, StopBody

_Body = TypeVar("_Body", bound=BaseModel)
MAX_KEY = 200


async def submit(call: Call) -> Reply:
    """Store a job."""
    job, new = await call.service.usecases.submit(call.person, call.json(), key=_key(call))
    return _made(call, job, new)


async def submit_sweep(call: Call) -> Reply:
    """Store the jobs of a parameter sweep."""
    id, jobs, new = await call.service.usecases.submit_sweep(call.person, call.json(), key=_key(call))
    data = {"id": id, "items": call.service.rows(jobs, call.person)}
    return Reply(data, status=201 if new else 200, headers={"Location": f"/jobsub/jobs?sweep={id}"})


async def get_job(call: Call) -> Reply:
    """Show one job."""
    job = await call.service.usecases.get(call.person, call.service.id_of(call))
    return Reply(call.service.detail(job, call.person))


async def delete_job(call: Call) -> Reply:
    """Remove an ended job with its log."""
    await call.service.usecases.delete(call.person, call.service.id_of(call))
    return Reply(status=204)


async def purge(call: Call) -> Reply:
    """Remove what is kept of an ended job, and leave its row."""
    job = await call.service.usecases.purge(call.person, call.service.id_of(call))
    return Reply(call.service.row(job, call.person))


async def cancel(call: Call) -> Reply:
    """End a job."""
    return await _intend(call, Action.CANCEL)


async def pause(call: Call) -> Reply:
    """Stop a job and keep it."""
    return await _intend(call, Action.PAUSE)


async def resume(call: Call) -> Reply:
    """Put a paused job back into its old place."""
    return await _intend(call, Action.RESUME)


async def edit(call: Call) -> Reply:
    """Change a job's name or, while it waits, its priority and deadline."""
    job = await call.service.usecases.edit(call.person, call.service.id_of(call), call.json())
    return Reply(call.service.row(job, call.person))


async def rerun(call: Call) -> Reply:
    """Submit an ended job again."""
    job, new = await call.service.usecases.rerun(call.person, call.service.id_of(call), key=_key(call))
    return _made(call, job, new)


async def get_spec(call: Call) -> Reply:
    """Show a job's specification."""
    job, spec = await call.service.usecases.spec(call.person, call.service.id_of(call))
    return Reply(render.submitted(spec, hide_env=hides_env(call.person, job)))


async def timeline(call: Call) -> Reply:
    """Show what happened to a job."""
    events = await call.service.usecases.timeline(call.person, call.service.id_of(call))
    return Reply({"items": [render.event(event) for event in events]})


async def events(call: Call) -> None:
    """Stream what happens."""
    await stream_events(call, last_event_id(call), call.query(EventsQuery))


async def catalog(call: Call) -> Reply:
    """Show what can be asked for."""
    return Reply(call.service.catalog_for(call.person))


async def usage(call: Call) -> Reply:
    """Show quotas and what is held of them."""
    return Reply(await call.service.usage_for(call.person))


async def status(call: Call) -> Reply:
    """Show the service itself."""
    return Reply(await call.service.status_for(call.person))


async def stop(call: Call) -> Reply:
    """End the service; jobs run on."""
    _body(call, StopBody)
    call.service.require_admin(call.person)
    call.service.stop()
    return Reply({"stopping": True})


async def reload(call: Call) -> Reply:
    """Reread the configuration."""
    call.service.require_admin(call.person)
    try:
        return Reply(call.service.reload())
    except ConfigError as error:
        raise InvalidRequest(error.errors) from error


async def drain(call: Call) -> Reply:
    """Admit no more jobs, or admit again."""
    call.service.require_admin(call.person)
    call.service.drain(_body(call, DrainBody).drain)
    return Reply({"draining": call.service.dispatcher.draining})


async def healthz(call: Call) -> Reply:
    """Say that the service answers."""
    return Reply({"status": "ok"})


async def metrics(call: Call) -> Reply:
    """Show figures for Prometheus."""
    call.service.require_admin(call.person)
    return Reply(
        await call.service.metrics(), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}
    )


async def openapi(call: Call) -> Reply:
    """Show this document."""
    return Reply(document())


async def _intend(call: Call, action: Action) -> Reply:
    job = await call.service.usecases.intend(call.person, call.service.id_of(call), action)
    return Reply(call.service.row(job, call.person))


def _made(call: Call, job: Job, new: bool) -> Reply:
    location = {"Location": f"/jobsub/jobs/{job.id}"}
    return Reply(call.service.row(job, call.person), status=201 if new else 200, headers=location)


def _key(call: Call) -> str | None:
    key = call.headers.get("Idempotency-Key")
    if key is not None and not (0 < len(key) <= MAX_KEY and key.isprintable()):
        raise InvalidRequest(
            [FieldError("Idempotency-Key", f"is not 1 to {MAX_KEY} printable characters", "use a UUID")]
        )
    return key


def _body(call: Call, model: type[_Body]) -> _Body:
    data: Any = call.json() if call.handler.body.strip() else {}
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise explain(error) from error
