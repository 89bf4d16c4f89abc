"""The error tree.

JobsubError
├── UserError             a request that can't be served; its text is for the person
│   ├── InvalidRequest    422, every wrong field at once
│   ├── NotFound          404
│   ├── Forbidden         403
│   ├── Conflict          409, the request is fine and the state is not
│   ├── TooLarge          413
│   └── Unavailable       503, try again
├── ConfigError           the configuration can't be used, every wrong setting at once
├── EngineError           an engine could not do what it was asked, and never will
│   └── EngineUnavailable not now (its server does not answer); the same may go through later
└── StoreError            the store can't be used (read-only, corrupt, too new)
    └── StoreUnavailable  not now (locked, its server does not answer); the same may go through later
"""

from __future__ import annotations

from collections.abc import Sequence


class JobsubError(Exception):
    """Root of everything this package raises on purpose."""

    remedy = ""

    @property
    def __notes__(self) -> list[str]:
        """What to do: from Python 3.11 on, a traceback says it below the message."""
        return [self.remedy] if self.remedy else []


class FieldError:
    """One wrong field: where it is, what is wrong, what to do."""

    # no dataclass: importing those would slow every command down
    def __init__(self, field: str, message: str, remedy: str) -> None:
        self.field = field
        self.message = message
        self.remedy = remedy


class UserError(JobsubError):
    """A request that can't be served, in words a person may read."""

    status = 400
    title = "Bad request"

    def __init__(self, detail: str, *, remedy: str = "") -> None:
        super().__init__(detail)
        self.detail = detail
        self.remedy = remedy


class InvalidRequest(UserError):
    """One or more fields are wrong; nothing was stored."""

    status = 422
    title = "Invalid request"

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__("; ".join(f"{e.field}: {e.message}" for e in errors))
        self.errors = tuple(errors)

    @property
    def __notes__(self) -> list[str]:
        return [f"{error.field}: {error.remedy}" for error in self.errors if error.remedy]


class NotFound(UserError):
    """No such thing, or not for this person."""

    status = 404
    title = "Not found"


class Forbidden(UserError):
    """The person may see it and not do this."""

    status = 403
    title = "Forbidden"


class Conflict(UserError):
    """The state does not allow it now."""

    status = 409
    title = "Conflict"


class TooLarge(UserError):
    """The body or snapshot is over its limit."""

    status = 413
    title = "Too large"


class Unavailable(UserError):
    """The service can't answer at the moment."""

    status = 503
    title = "Service unavailable"


class ConfigError(JobsubError):
    """Settings are wrong; each error names the setting, the file with the line, and the remedy."""

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__("; ".join(f"{e.field}: {e.message}: {e.remedy}" for e in errors))
        self.errors = tuple(errors)


class EngineError(JobsubError):
    """An engine could not do what it was asked; the message is for the job's page."""


class EngineUnavailable(EngineError):
    """An engine can't do it at the moment; whoever asked tries again."""


class StoreError(JobsubError):
    """The store can't be used."""


class StoreUnavailable(StoreError):
    """The store can't be used at the moment."""
