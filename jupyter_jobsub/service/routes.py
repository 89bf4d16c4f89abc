"""Every route, declared."""

from __future__ import annotations

from ..model.edit import JobEdit
from ..model.spec import JobSpec
from ..model.sweep import Sweep
from . import endpoints as e
from .artifacts import Artifacts, ArtifactsQuery, get_artifact, get_output, list_artifacts
from .http import Route
from .inventory import Catalog, Draining, Health, OpenAPI, Reloaded, Status, Stopping, Usage
from .listing import ListQuery, list_jobs
from .logs import LogQuery, get_log
from .schemas import (
    Deleted,
    DrainBody,
    EventsQuery,
    Hello,
    JobDetail,
    JobEvent,
    JobPage,
    JobRow,
    LogPiece,
    NewAttempt,
    ShownSpec,
    StopBody,
    SweepMade,
    Timeline,
)
from .series import MetricsQuery, TaskMetrics, get_metrics

JOB = "/jobsub/jobs/{id}"
LOG_EVENTS = {"job": JobRow, "log": LogPiece, "attempt": NewAttempt, "end": JobRow}
EVENTS = {"hello": Hello, "job": JobEvent, "deleted": Deleted}

ROUTES = (
    Route(
        "POST",
        "/jobsub/jobs",
        e.submit,
        "Submit a job; it is on disk when this answers.",
        body=JobSpec,
        answer=JobRow,
        status=201,
        statuses=(200, 400, 409, 413, 422),
        headers=("Idempotency-Key",),
        answer_headers=("Location",),
    ),
    Route(
        "POST",
        "/jobsub/sweeps",
        e.submit_sweep,
        "Submit a job for every combination of some parameters' values, all or none.",
        body=Sweep,
        answer=SweepMade,
        status=201,
        statuses=(200, 400, 409, 413, 422),
        headers=("Idempotency-Key",),
        answer_headers=("Location",),
    ),
    Route(
        "GET",
        "/jobsub/jobs",
        list_jobs,
        "List jobs: filtered, sorted, a page at a time.",
        query=ListQuery,
        answer=JobPage,
        statuses=(422,),
    ),
    Route("GET", JOB, e.get_job, "Show a job.", answer=JobDetail, statuses=(404,)),
    Route(
        "PATCH",
        JOB,
        e.edit,
        "Change a job's name or, while it waits, its priority and deadline.",
        body=JobEdit,
        answer=JobRow,
        statuses=(400, 403, 404, 409, 413, 422),
    ),
    Route(
        "DELETE", JOB, e.delete_job, "Delete an ended job with its log.", status=204, statuses=(403, 404, 409)
    ),
    Route(
        "POST",
        f"{JOB}/purge",
        e.purge,
        "Remove the log, metrics and artifacts of an ended job; its row stays.",
        answer=JobRow,
        statuses=(403, 404, 409),
    ),
    Route("POST", f"{JOB}/cancel", e.cancel, "End a job.", answer=JobRow, statuses=(403, 404, 409)),
    Route(
        "POST",
        f"{JOB}/pause",
        e.pause,
        "Stop a job and keep it in its place.",
        answer=JobRow,
        statuses=(403, 404, 409),
    ),
    Route(
        "POST",
        f"{JOB}/resume",
        e.resume,
        "Put a paused job back into its place.",
        answer=JobRow,
        statuses=(403, 404, 409),
    ),
    Route(
        "POST",
        f"{JOB}/rerun",
        e.rerun,
        "Submit an ended job again, as it was.",
        answer=JobRow,
        status=201,
        statuses=(200, 403, 404, 409, 422),
        headers=("Idempotency-Key",),
        answer_headers=("Location",),
    ),
    Route(
        "GET",
        f"{JOB}/spec",
        e.get_spec,
        "Show what was asked for, to submit it again.",
        answer=ShownSpec,
        statuses=(403, 404),
    ),
    Route(
        "GET",
        f"{JOB}/log",
        get_log,
        "Read a log: its newest lines, a range, all of it, or as it is written.",
        query=LogQuery,
        media="text/plain",
        stream=LOG_EVENTS,
        statuses=(403, 404, 410, 422, 429),
        headers=("Last-Event-ID",),
        answer_headers=("Jobsub-Log-Start", "Jobsub-Log-End", "Jobsub-Log-Complete", "Content-Disposition"),
    ),
    Route(
        "GET",
        f"{JOB}/metrics",
        get_metrics,
        "Show what a task used: means over the steps of a window.",
        query=MetricsQuery,
        answer=TaskMetrics,
        statuses=(403, 404, 410, 422),
    ),
    Route(
        "GET",
        f"{JOB}/artifacts",
        list_artifacts,
        "List what an attempt keeps or, while it runs, what it would keep if it ended now.",
        query=ArtifactsQuery,
        answer=Artifacts,
        statuses=(403, 404, 410, 422),
    ),
    Route(
        "GET",
        f"{JOB}/artifacts/{{path}}",
        get_artifact,
        "Download an artifact, whole or in part.",
        query=ArtifactsQuery,
        media="application/octet-stream",
        statuses=(206, 403, 404, 410, 416, 422),
        headers=("Range", "If-Range"),
        answer_headers=("Content-Disposition", "Content-Range", "Accept-Ranges", "ETag"),
    ),
    Route(
        "GET",
        f"{JOB}/output",
        get_output,
        "Download the output notebook of the newest attempt, whole or in part.",
        media="application/octet-stream",
        statuses=(206, 403, 404, 410, 416),
        headers=("Range", "If-Range"),
        answer_headers=("Content-Disposition", "Content-Range", "Accept-Ranges", "ETag"),
    ),
    Route(
        "GET",
        f"{JOB}/timeline",
        e.timeline,
        "Show what happened to a job.",
        answer=Timeline,
        statuses=(403, 404),
    ),
    Route(
        "GET",
        "/jobsub/events",
        e.events,
        "Follow all jobs as server-sent events.",
        query=EventsQuery,
        media="text/event-stream",
        stream=EVENTS,
        statuses=(422, 429),
        headers=("Last-Event-ID",),
    ),
    Route("GET", "/jobsub/catalog", e.catalog, "Show what can be asked for.", answer=Catalog),
    Route("GET", "/jobsub/usage", e.usage, "Show quotas and what is held of them.", answer=Usage),
    Route("GET", "/jobsub/status", e.status, "Show the service itself.", answer=Status),
    Route(
        "POST",
        "/jobsub/stop",
        e.stop,
        "End the service; jobs run on.",
        body=StopBody,
        body_optional=True,
        answer=Stopping,
        statuses=(400, 403, 413, 422),
    ),
    Route(
        "POST",
        "/jobsub/reload",
        e.reload,
        "Reread the configuration.",
        answer=Reloaded,
        statuses=(403, 422),
    ),
    Route(
        "POST",
        "/jobsub/drain",
        e.drain,
        "Admit no more jobs, or admit again.",
        body=DrainBody,
        body_optional=True,
        answer=Draining,
        statuses=(400, 403, 413, 422),
    ),
    Route("GET", "/jobsub/healthz", e.healthz, "Say that the service answers.", answer=Health),
    Route(
        "GET", "/jobsub/metrics", e.metrics, "Figures for Prometheus.", media="text/plain", statuses=(403,)
    ),
    Route("GET", "/jobsub/openapi.json", e.openapi, "This document.", answer=OpenAPI),
)
