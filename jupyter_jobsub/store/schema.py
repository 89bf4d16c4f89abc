"""The schema of each release as SQL: what has been released here never changes."""

from __future__ import annotations

# where a text index is of the database's own kind, so are its statements; the rest differs in words
SQLITE = {"number": "INTEGER", "bytes": "BLOB", "seq": ""}
POSTGRESQL = {"number": "BIGINT", "bytes": "BYTEA", "seq": ", seq"}

_FIRST = (
    """
    CREATE TABLE store (
        id TEXT NOT NULL PRIMARY KEY,
        last_seq BIGINT NOT NULL,
        last_event BIGINT NOT NULL,
        last_queued_at BIGINT NOT NULL
    )
    """,
    """
    CREATE TABLE snapshots (
        digest TEXT NOT NULL PRIMARY KEY,
        content {bytes} NOT NULL
    )
    """,
    """
    CREATE TABLE jobs (
        seq {number} NOT NULL PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        version INTEGER NOT NULL,
        "user" TEXT NOT NULL,
        "group" TEXT NOT NULL,
        phase TEXT NOT NULL,
        reason TEXT NOT NULL,
        intent TEXT NOT NULL,
        intent_by TEXT NOT NULL,
        attempt INTEGER NOT NULL,
        failures INTEGER NOT NULL,
        requeues INTEGER NOT NULL,
        not_before BIGINT,
        queued_at BIGINT NOT NULL,
        admitted_at BIGINT,
        started_at BIGINT,
        finished_at BIGINT,
        exit_code INTEGER,
        log_expired BOOLEAN NOT NULL,
        kept_bytes BIGINT,
        expires_at BIGINT,
        request_cpu BIGINT NOT NULL,
        request_memory BIGINT NOT NULL,
        request_gpu TEXT NOT NULL,
        shares TEXT,
        hold_cpu BIGINT,
        hold_memory BIGINT,
        hold_gpu TEXT,
        name TEXT,
        instance_type TEXT,
        image TEXT,
        priority INTEGER NOT NULL,
        preemptible BOOLEAN NOT NULL,
        retries INTEGER NOT NULL,
        deadline_seconds INTEGER NOT NULL,
        ttl_seconds INTEGER NOT NULL,
        rerun_of TEXT,
        sweep TEXT,
        snapshot TEXT REFERENCES snapshots (digest),
        search TEXT NOT NULL,
        message TEXT NOT NULL,
        spec TEXT NOT NULL
    )
    """,
    # entries of one key lie in order of seq, which ends every index of SQLite by itself
    'CREATE INDEX jobs_group ON jobs ("group", phase{seq})',
    'CREATE INDEX jobs_user ON jobs ("user", "group", phase{seq})',
    'CREATE INDEX jobs_owner ON jobs ("user"{seq})',
    "CREATE INDEX jobs_phase ON jobs (phase{seq})",
    "CREATE INDEX jobs_queued_at ON jobs (queued_at{seq})",
    "CREATE INDEX jobs_sweep ON jobs (sweep{seq}) WHERE sweep IS NOT NULL",
    "CREATE INDEX jobs_expires_at ON jobs (expires_at) WHERE expires_at IS NOT NULL",
    "CREATE INDEX jobs_hold ON jobs (hold_cpu) WHERE hold_cpu IS NOT NULL",
    "CREATE INDEX jobs_snapshot ON jobs (snapshot) WHERE snapshot IS NOT NULL",
    """
    CREATE TABLE tasks (
        job_seq BIGINT NOT NULL REFERENCES jobs (seq) ON DELETE CASCADE,
        attempt INTEGER NOT NULL,
        role TEXT NOT NULL,
        "index" INTEGER NOT NULL,
        started_at BIGINT,
        finished_at BIGINT,
        exit_code INTEGER,
        reason TEXT,
        message TEXT NOT NULL,
        host TEXT NOT NULL,
        note TEXT NOT NULL,
        PRIMARY KEY (job_seq, attempt, role, "index")
    )
    """,
    """
    CREATE TABLE events (
        id {number} NOT NULL PRIMARY KEY,
        job_seq BIGINT NOT NULL REFERENCES jobs (seq) ON DELETE CASCADE,
        at BIGINT NOT NULL,
        phase TEXT NOT NULL,
        reason TEXT NOT NULL,
        attempt INTEGER NOT NULL,
        message TEXT NOT NULL
    )
    """,
    "CREATE INDEX events_job ON events (job_seq)",
    """
    CREATE TABLE deletions (
        id {number} NOT NULL PRIMARY KEY,
        job TEXT NOT NULL,
        "user" TEXT NOT NULL,
        "group" TEXT NOT NULL,
        at BIGINT NOT NULL
    )
    """,
    """
    CREATE TABLE counters (
        "group" TEXT NOT NULL,
        "user" TEXT NOT NULL,
        phase TEXT NOT NULL,
        jobs INTEGER NOT NULL,
        bytes BIGINT NOT NULL,
        PRIMARY KEY ("group", "user", phase)
    )
    """,
    """
    CREATE TABLE idempotency (
        "user" TEXT NOT NULL,
        "key" TEXT NOT NULL,
        digest TEXT NOT NULL,
        job_seq BIGINT NOT NULL REFERENCES jobs (seq) ON DELETE CASCADE,
        PRIMARY KEY ("user", "key")
    )
    """,
    "CREATE INDEX idempotency_job ON idempotency (job_seq)",
)

# without positions and sizes: a search asks for trigrams and then looks into the row itself
_FIRST_TEXT_SQLITE = (
    """
    CREATE VIRTUAL TABLE jobs_text USING fts5 (
        search, content='jobs', content_rowid='seq', tokenize='trigram', detail=none, columnsize=0
    )
    """,
    """
    CREATE TRIGGER jobs_text_add AFTER INSERT ON jobs BEGIN
        INSERT INTO jobs_text (rowid, search) VALUES (new.seq, new.search);
    END
    """,
    """
    CREATE TRIGGER jobs_text_change AFTER UPDATE OF search ON jobs BEGIN
        INSERT INTO jobs_text (jobs_text, rowid, search) VALUES ('delete', old.seq, old.search);
        INSERT INTO jobs_text (rowid, search) VALUES (new.seq, new.search);
    END
    """,
    """
    CREATE TRIGGER jobs_text_delete AFTER DELETE ON jobs BEGIN
        INSERT INTO jobs_text (jobs_text, rowid, search) VALUES ('delete', old.seq, old.search);
    END
    """,
)

_FIRST_TEXT_POSTGRESQL = (
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    "CREATE INDEX jobs_text ON jobs USING gin (search gin_trgm_ops)",
)

FIRST = {
    "sqlite": (*(statement.format(**SQLITE) for statement in _FIRST), *_FIRST_TEXT_SQLITE),
    "postgresql": (*(statement.format(**POSTGRESQL) for statement in _FIRST), *_FIRST_TEXT_POSTGRESQL),
}
"""By the database's name."""
