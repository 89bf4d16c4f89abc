"""The tables as queries see them; what makes them is in ``migrations``, and a test compares the two."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Integer, LargeBinary, MetaData, Table, Text

metadata = MetaData()

head = Table(
    "store",
    metadata,
    Column("id", Text, primary_key=True),
    Column("last_seq", BigInteger, nullable=False),
    Column("last_event", BigInteger, nullable=False),
    Column("last_queued_at", BigInteger, nullable=False),
)
"""One row: the store's name, and the newest numbers given, which never come back."""

snapshots = Table(
    "snapshots",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("content", LargeBinary, nullable=False),
)

jobs = Table(
    "jobs",
    metadata,
    Column("seq", BigInteger, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("version", Integer, nullable=False),
    Column("user", Text, nullable=False),
    Column("group", Text, nullable=False),
    Column("phase", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("intent", Text, nullable=False),
    Column("intent_by", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("requeues", Integer, nullable=False),
    Column("not_before", BigInteger),
    Column("queued_at", BigInteger, nullable=False),
    Column("admitted_at", BigInteger),
    Column("started_at", BigInteger),
    Column("finished_at", BigInteger),
    Column("exit_code", Integer),
    Column("log_expired", Boolean, nullable=False),
    Column("kept_bytes", BigInteger),
    Column("expires_at", BigInteger),
    Column("request_cpu", BigInteger, nullable=False),
    Column("request_memory", BigInteger, nullable=False),
    Column("request_gpu", Text, nullable=False),
    Column("shares", Text),
    Column("hold_cpu", BigInteger),
    Column("hold_memory", BigInteger),
    Column("hold_gpu", Text),
    Column("name", Text),
    Column("instance_type", Text),
    Column("image", Text),
    Column("priority", Integer, nullable=False),
    Column("preemptible", Boolean, nullable=False),
    Column("retries", Integer, nullable=False),
    Column("deadline_seconds", Integer, nullable=False),
    Column("ttl_seconds", Integer, nullable=False),
    Column("rerun_of", Text),
    Column("sweep", Text),
    Column("snapshot", Text, ForeignKey(snapshots.c.digest)),
    Column("search", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("spec", Text, nullable=False),
)
"""``search`` is name and id, folded; ``spec`` is JSON of what has no column of its own,
``shares`` of what one task of each role asks for."""

tasks = Table(
    "tasks",
    metadata,
    Column("job_seq", BigInteger, ForeignKey(jobs.c.seq), primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("role", Text, primary_key=True),
    Column("index", Integer, primary_key=True),
    Column("started_at", BigInteger),
    Column("finished_at", BigInteger),
    Column("exit_code", Integer),
    Column("reason", Text),
    Column("message", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("note", Text, nullable=False),
)

events = Table(
    "events",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("job_seq", BigInteger, ForeignKey(jobs.c.seq), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("phase", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("message", Text, nullable=False),
)

deletions = Table(
    "deletions",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("job", Text, nullable=False),
    Column("user", Text, nullable=False),
    Column("group", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)
"""Events of jobs that are gone; ``id`` is one of the events' numbers."""

counters = Table(
    "counters",
    metadata,
    Column("group", Text, primary_key=True),
    Column("user", Text, primary_key=True),
    Column("phase", Text, primary_key=True),
    Column("jobs", Integer, nullable=False),
    Column("bytes", BigInteger, nullable=False),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("user", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("digest", Text, nullable=False),
    Column("job_seq", BigInteger, ForeignKey(jobs.c.seq), nullable=False),
)
