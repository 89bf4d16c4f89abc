"""Errors as ``application/problem+json`` (RFC 9457): what is wrong and what to do."""

from __future__ import annotations

import json
from http.client import responses
from typing import Any

from jupyter_server.base.handlers import JupyterHandler
from tornado.web import HTTPError

AUTH_RESOURCE = "jobsub"


class ProblemHandler(JupyterHandler):
    """A handler whose errors are problems, never pages, redirects or tracebacks."""

    auth_resource = AUTH_RESOURCE

    def get_login_url(self) -> str:
        """Refuse, where Jupyter's pages redirect to the login."""
        raise HTTPError(403, "Not logged in to this Jupyter server.")

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Write what tornado caught."""
        _, error, _ = kwargs.get("exc_info", (None, None, None))
        detail = reason_of(error) if isinstance(error, HTTPError) else ""
        remedy = self._remedy(status_code, detail)
        self.write_problem(status_code, detail or default_detail(status_code), remedy)

    def write_problem(self, status: int, detail: str, remedy: str = "") -> None:
        """Finish with a problem."""
        problem = {
            "type": "about:blank",
            "title": responses.get(status, "Error"),
            "status": status,
            "detail": detail,
        }
        if remedy:
            problem["remedy"] = remedy
        self.set_status(status)
        self.set_header("Content-Type", "application/problem+json")
        self.finish(json.dumps(problem))

    def _remedy(self, status: int, detail: str) -> str:
        if status != 403:
            return ""
        if not self.current_user:
            return "log in to Jupyter, or send its token"
        if "xsrf" in detail.lower():
            return "send the page's XSRF token, or the server's token"
        return "ask whoever runs this Jupyter server for the permission"


def reason_of(error: HTTPError) -> str:
    """The text that an HTTPError was raised with."""
    message = error.log_message or ""
    return message % error.args if error.args else message


def default_detail(status: int) -> str:
    """Say what there is to say about a status alone."""
    if status >= 500:
        return "Something went wrong in the Jupyter server; its log says what."
    return f"{responses.get(status, 'Error')}."
