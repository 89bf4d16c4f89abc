"""One example of each problem that an operation answers, by its status, for the OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

Problems: TypeAlias = Mapping[int, Mapping[str, Any]]

ID = "job-20260131-4k7m2p9q"


def _problem(status: int, title: str, detail: str, remedy: str = "", **more: Any) -> Mapping[str, Any]:
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, **more}
    return body | ({"remedy": remedy} if remedy else {})


def _wrong(field: str, message: str, remedy: str, after: str = "; nothing was changed") -> Mapping[str, Any]:
    errors = [{"field": field, "message": message, "remedy": remedy}]
    return _problem(422, "Invalid request", f"1 field is wrong{after}", errors=errors)


def _conflict(state: str, remedy: str) -> Mapping[str, Any]:
    return _problem(409, "Conflict", f"{ID} is {state}", remedy)


def _refused(action: str) -> Problems:
    detail = f"ada's job {ID}: you may not {action} it"
    remedy = "ask ada or an admin of the group research"
    return {403: _problem(403, "Forbidden", detail, remedy), **_MISSING}


_MISSING = {
    404: _problem(
        404, "Not found", f"{ID}: no such job, or it is not yours to see", "list your jobs to see their ids"
    )
}
_ADMINS = {403: _problem(403, "Forbidden", "bob may not do this", "ask one of JobsubService.admins")}
_BODY = {
    400: _problem(
        400,
        "Not JSON",
        "the body is not JSON: line 1, column 17: Expecting ',' delimiter",
        "correct it there",
    ),
    413: _problem(413, "Too large", "the body is over 1048576 bytes", "send less; put large data into files"),
}
_PRIORITY = _wrong("priority", "5000 is too large", "give 1000 at most")
_STREAMS = {
    429: _problem(
        429,
        "Too many streams",
        "you follow 20 jobs or events already",
        "close some: live views in notebooks count, and logs that are followed",
    )
}
_REUSED = _problem(
    409,
    "Conflict",
    "the Idempotency-Key 'train-1' was used for another job",
    "use a new key for each job, or send the same body again",
)
_ENDED = "it has ended: rerun or clone it"
_BOOL = "is neither true nor false"
ANY_OTHER = _problem(
    507,
    "Insufficient Storage",
    "the store can't be written: the disk is full",
    "free disk space or see `jupyter jobsub doctor`",
)

_LIMIT = _wrong("limit", "1000 is too large", "give 500 at most", "")
_TAIL = _wrong("tail", "-1 is too small", "give 0 or more", "")
_LAST = _wrong("Last-Event-ID", "'soon' is not an event's id", "send back an id of this stream", "")
_QUOTA = _wrong(
    "JobsubService.groups.research.quota.gpu",
    "is not an object (/home/ada/.jupyter/jupyter_jobsub_config.py, line 2)",
    "give an object in { }",
)
_GONE = _problem(
    410,
    "Gone",
    f"nothing is kept of {ID} any more: its time to live is over, or it was purged",
    "rerun the job to get its log, metrics and artifacts anew",
)
_WINDOW = _wrong("window", "'2h' is not '15m', '1h', '3h' or 'lifetime'", "give one of these", "")
_ATTEMPT = _wrong("attempt", "0 is too small", "give 1 or more", "")
_BYTES = _problem(416, "Range not satisfiable", "the file has 1048576 bytes", "ask for a range within it")

PROBLEMS: Mapping[str, Problems] = {
    "submit": {**_BODY, 409: _REUSED, 422: _PRIORITY},
    "submit_sweep": {
        **_BODY,
        409: _REUSED,
        422: _wrong("grid.lr.1", "0.1 comes twice", "remove one"),
    },
    "list_jobs": {422: _LIMIT},
    "get_job": _MISSING,
    "edit": {
        **_BODY,
        **_refused("edit"),
        409: _conflict("Succeeded: priority can change only while it waits", "clone it with other values"),
        422: _PRIORITY,
    },
    "delete_job": {
        **_refused("delete"),
        409: _conflict("Running: it can't be deleted now", "cancel it first, or wait for its end"),
    },
    "purge": {
        **_refused("purge"),
        409: _conflict("Running: it can't be purged now", "cancel it first, or wait for its end"),
    },
    "cancel": {**_refused("cancel"), 409: _conflict("Succeeded: it can't be cancelled now", _ENDED)},
    "pause": {**_refused("pause"), 409: _conflict("Succeeded: it can't be paused now", _ENDED)},
    "resume": {**_refused("resume"), 409: _conflict("Succeeded: it can't be resumed now", _ENDED)},
    "rerun": {
        **_refused("rerun"),
        409: _conflict("Running: it can't be rerun now", "cancel it first, or wait for its end"),
        422: _wrong("instance_type", "there is no 'gpu-1'", "there are: gpu-2"),
    },
    "get_spec": _refused("read"),
    "get_log": {**_refused("read"), 410: _GONE, 422: _TAIL, **_STREAMS},
    "list_artifacts": {**_refused("read"), 410: _GONE, 422: _ATTEMPT},
    "get_artifact": {**_refused("read"), 410: _GONE, 416: _BYTES, 422: _ATTEMPT},
    "get_output": {**_refused("read"), 410: _GONE, 416: _BYTES},
    "timeline": _refused("read"),
    "get_metrics": {**_refused("read"), 410: _GONE, 422: _WINDOW},
    "events": {422: _LAST, **_STREAMS},
    "stop": {**_BODY, **_ADMINS, 422: _wrong("handover", _BOOL, "give true or false")},
    "reload": {**_ADMINS, 422: _QUOTA},
    "drain": {**_BODY, **_ADMINS, 422: _wrong("drain", _BOOL, "give true or false")},
    "metrics": _ADMINS,
}
