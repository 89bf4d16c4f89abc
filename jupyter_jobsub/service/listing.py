"""The list of jobs: its filters, its order and its pages."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, JsonValue, WithJsonSchema

from ..errors import FieldError, InvalidRequest
from ..model.fields import reject
from ..model.job import UNFINISHED, Micros, Phase, SweepId, UserName
from ..store.base import JobQuery
from ..store.cursor import parse_cursor
from ..store.orders import FROM_THE_LEAST, LIFECYCLE, Order, Sort
from .http import Call, Reply
from .schemas import values

MAX_GROUPS = 100
MAX_OFFSET = 10_000_000
_PHASES = [*(phase.value for phase in Phase), "unfinished"]


def _moment(text: str) -> Micros:
    try:
        at = datetime.fromisoformat(text.replace("Z", "+00:00").replace(" ", "+"))
        at = at if at.tzinfo else at.replace(tzinfo=timezone.utc)
        return Micros(int(at.timestamp() * 1e6))
    except (ValueError, OverflowError):
        reject(f"{text!r} is not a time", "write it as 2026-01-31T12:00:00Z")


def _phases(names: list[str]) -> list[str]:
    if unknown := [name for name in names if name not in _PHASES]:
        reject(f"there is no phase {unknown[0]!r}", f"give one of {', '.join(_PHASES)}")
    return names


def _cursor(text: str) -> str:
    try:
        parse_cursor(text)
    except ValueError:
        reject("is not one that this service gave", "take it from a page's next")
    return text


Moment = Annotated[Micros, BeforeValidator(_moment), WithJsonSchema({"type": "string"})]


class ListQuery(BaseModel, extra="forbid"):
    """Filters, all of which must hold; the order; and a place in it."""

    group: list[Annotated[str, Field(min_length=1, max_length=128)]] = Field(
        [], max_length=MAX_GROUPS, description="Repeatable; of any of these groups."
    )
    user: str | None = Field(None, min_length=1, max_length=128, description="Of this person.")
    phase: Annotated[list[str], AfterValidator(_phases)] = Field(
        [],
        description="Repeatable; `unfinished` is all that are not final.",
        json_schema_extra={"items": {"type": "string", "enum": list[JsonValue](_PHASES)}},
    )
    sweep: str | None = Field(None, min_length=1, max_length=128, description="Of this parameter sweep.")
    text: str | None = Field(None, min_length=1, max_length=128, description="In name or id.")
    since: Moment | None = Field(None, description="RFC 3339; queued then or later.")
    until: Moment | None = Field(None, description="RFC 3339; queued before then.")
    mine: bool = Field(False, description="Only your own.")
    sort: Annotated[Sort, WithJsonSchema({"type": "string", **values(Sort)})] = Field(
        Sort.SUBMITTED,
        description="Jobs that are equal come newest first, those without a value last, either way. Names "
        "sort regardless of case, phases by how far a job is: "
        f"{', '.join(phase.value for phase in LIFECYCLE)}.",
    )
    order: Literal["asc", "desc"] | None = Field(
        None, description=f"`asc` if missing for {', '.join(sorted(FROM_THE_LEAST))}; else `desc`."
    )
    limit: int = Field(100, ge=1, le=500, description="Jobs of a page.")
    cursor: Annotated[str, AfterValidator(_cursor)] | None = Field(
        None,
        max_length=256,
        description="A page's `next`: what comes after it in the same order. Newest first it is a place that "
        "stays, and costs the same anywhere. In other orders it is an offset: jobs that move meanwhile may "
        "come twice or not at all.",
    )
    offset: int | None = Field(
        None, ge=0, le=MAX_OFFSET, description="How many jobs to leave out, instead of a cursor."
    )

    def refuse_mixed(self) -> None:
        """Refuse two places at once."""
        if self.cursor is not None and self.offset is not None:
            places = ("cursor", "offset"), ("offset", "cursor")
            raise InvalidRequest(
                [
                    FieldError(one, f"does not go with {other}", "leave one of them out")
                    for one, other in places
                ]
            )


async def list_jobs(call: Call) -> Reply:
    """List jobs, newest first if nothing else is asked for."""
    query = call.query(ListQuery)
    query.refuse_mixed()
    page = await call.service.usecases.page(
        call.person,
        JobQuery(
            groups=frozenset(query.group),
            user=call.person.name if query.mine else UserName(query.user) if query.user else None,
            phases=_wanted(query.phase),
            sweep=SweepId(query.sweep) if query.sweep else None,
            text=query.text,
            since=query.since,
            until=query.until,
            order=Order.of(query.sort, query.order),
            cursor=query.cursor,
            offset=query.offset,
            limit=query.limit,
        ),
    )
    rows = call.service.rows(page.items, call.person)
    return Reply({"items": rows, "next": page.next, "total": page.total})


def _wanted(names: list[str]) -> frozenset[Phase]:
    single = frozenset(Phase(name) for name in names if name != "unfinished")
    return single | UNFINISHED if "unfinished" in names else single
