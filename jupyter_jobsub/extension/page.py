"""One WebSocket for each page of a browser: its job events and the logs that it follows.

A browser opens at most six HTTP/1.1 connections to a host, so a page that followed a few logs as
event streams would leave none for anything else. Every message, both ways, is a JSON object.

The page sends
--------------
``{"subscribe": "events", "last_event_id": N}``
    Job events after event N, or from now on if it is null or missing.
``{"subscribe": "log", "key": K, "job": ID, "role": R, "task": I, "attempt": N, "tail": L}``
    Follow a task's log. ``key`` is the page's own name for it. Role, task and attempt may be
    missing; instead of ``tail`` (lines) there may be ``from``, a cursor. At most 20 at a time.
``{"unsubscribe": K}``
    End a log by its key, or the events by ``"events"``.

The page gets
-------------
``{"type": "hello", "last": N}``
    Events after N follow. A second one, with a lower N, says that the history began anew:
    load the list again.
``{"type": "job", "last_event_id": N, "event": {...}, "job": {...}}``
    What the service's event stream says of a job. N is what to subscribe with the next time.
``{"type": "job", "event": null, "job": {...}}``
    How a job is now: its progress or usage has changed, at most every 2 seconds. All that run
    come when the events are subscribed.
``{"type": "job", "key": K, "job": {...}}``
    How a job whose log is followed is now: at first, and whenever it changes.
``{"type": "deleted", "last_event_id": N, "id": ID}``
    A job was deleted. History forgets deletions after a week: a page that was away longer loads
    the list again.
``{"type": "log", "key": K, "cursor": C, "text": "..."}``
    A piece of a log; ``base64`` instead of ``text`` where it isn't UTF-8. C is where it ends.
``{"type": "attempt", "key": K, "cursor": C, "attempt": N}``
    What follows is the log of another attempt.
``{"type": "end", "key": K, "job": {...}}``
    The log is complete and the job final. The key is free again.
``{"type": "offline", "message": M, "remedy": R}``
    The service is not there. It is being started again; nothing needs to be done.
``{"type": "online"}``
    Everything subscribed goes on where it was: no job event and no piece of a log is missing
    or comes twice.
``{"type": "error", "message": M, "remedy": R, "key": K, "status": S}``
    A message that can't be served, or a subscription that the service refused (then with its
    HTTP status) and that is ended. Key and status only where there is one.

A page that reads slowly slows down its own logs; events that it has no room for reach it later.
"""

from __future__ import annotations

import json
from contextlib import suppress
from functools import partial
from typing import Any

from jupyter_core.utils import ensure_async
from jupyter_server.auth.decorator import ws_authenticated
from jupyter_server.base.websocket import WebSocketMixin
from tornado.concurrent import Future
from tornado.ioloop import PeriodicCallback
from tornado.iostream import StreamClosedError
from tornado.web import HTTPError
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from ..client.errors import Unreachable
from ..errors import UserError
from .feed import Feed
from .followed_log import FollowedLog, log_target
from .forward import header_name_of
from .hub import Hub
from .messages import MAX_MESSAGE, BadMessage, LogWanted, events_wanted, log_wanted, parsed
from .problems import ProblemHandler

EVENTS = "events"
MAX_LOGS = 20
MAX_UNSENT = 2**20  # characters of events that wait for a slow page


class Page(WebSocketMixin, WebSocketHandler, ProblemHandler):
    """The socket of one page."""

    position: int | None = None
    ready = True

    def initialize(self, hub: Hub) -> None:
        """Take what pages share."""
        self.hub = hub
        self._feed: Feed | None = None
        self._logs: dict[str, FollowedLog] = {}
        self._lost: set[str] = set()  # what is subscribed and not there
        self._offline = ""  # what was said of it last
        self._unsent = 0
        self._newest: dict[str, str] = {}  # of jobs, while the page is slow

    @property
    def max_message_size(self) -> int:
        """Close the socket (1009) at messages that are not even worth an answer."""
        return 16 * MAX_MESSAGE

    def get_compression_options(self) -> dict[str, Any] | None:
        """Compress if the server's kernels' sockets do."""
        options: dict[str, Any] | None = self.settings.get("websocket_compression_options")
        return options

    @ws_authenticated
    async def get(self, *args: Any, **kwargs: Any) -> None:
        """Become a WebSocket."""
        may = self.authorizer.is_authorized(self, self.current_user, "execute", self.auth_resource)
        if not await ensure_async(may):
            raise HTTPError(403, "You may not use jobs on this Jupyter server.")
        if self.request.headers.get("Upgrade", "").lower() != "websocket":
            self.write_problem(
                400, "This address is for WebSockets only.", "open it as one, with wss:// or ws://"
            )
            return
        if not self.check_origin():
            raise HTTPError(403, "Pages of other sites may not connect.")
        await super().get(*args, **kwargs)

    def open(self, *args: str, **kwargs: str) -> None:
        """Begin."""
        super().open(*args, **kwargs)
        self._user = header_name_of(self.current_user.username)
        self.hub.pages.add(self)

    def on_close(self) -> None:
        """End all that the page follows."""
        self.hub.pages.discard(self)
        pings: PeriodicCallback | None = self.ping_callback
        if pings is not None:
            pings.stop()
        for key in list(self._logs):
            self._drop(key)
        self._drop(EVENTS)

    def end(self, code: int, reason: str) -> None:
        """Close the socket from here."""
        self.close(code, reason)
        self.on_close()

    async def on_message(self, message: str | bytes) -> None:
        """Do what the page asks, or tell it why not."""
        try:
            self._obey(parsed(message))
        except BadMessage as error:
            await self.deliver(error.as_text())

    def _obey(self, message: dict[str, Any]) -> None:
        wish = message.get("subscribe")
        if wish == EVENTS:
            self._subscribe_events(events_wanted(message))
        elif wish == "log":
            self._subscribe_log(log_wanted(message))
        elif "unsubscribe" in message:
            self._unsubscribe(message["unsubscribe"])
        else:
            raise BadMessage(
                "The message says nothing known.",
                'send {"subscribe": "events" or "log"} or {"unsubscribe": key}',
            )

    def _subscribe_events(self, last: int | None) -> None:
        if self._feed is not None:
            raise BadMessage("The events are subscribed already.", 'send {"unsubscribe": "events"} first')
        self.position = last
        self._feed = self.hub.feed_of(self._user)
        self._feed.join(self)

    def _subscribe_log(self, wanted: LogWanted) -> None:
        if wanted.key in self._logs or wanted.key == EVENTS:
            raise BadMessage("The key is in use.", "unsubscribe it first, or take another", wanted.key)
        if len(self._logs) >= MAX_LOGS:
            raise BadMessage(f"A page follows {MAX_LOGS} logs at most.", "unsubscribe one first", wanted.key)
        target = log_target(wanted.job, wanted.arguments)
        self._logs[wanted.key] = FollowedLog(self.hub.upstream, self._user, self, wanted.key, target)

    def _unsubscribe(self, key: object) -> None:
        if not isinstance(key, str) or not (key in self._logs or (key == EVENTS and self._feed)):
            raise BadMessage("Nothing is subscribed under this key.", "nothing needs to be done")
        self._drop(key)

    def _drop(self, key: str) -> None:
        if key == EVENTS:
            feed, self._feed = self._feed, None
            if feed is not None:
                feed.leave(self)
        elif log := self._logs.pop(key, None):
            log.close()
        self._found(key)

    def send(self, text: str) -> None:
        """Send a message; the page is not ready while much of what was sent waits."""
        try:
            sent = self.write_message(text)
        except WebSocketClosedError:
            return
        self._unsent += len(text)
        self.ready = self._unsent < MAX_UNSENT
        sent.add_done_callback(partial(self._sent, len(text)))

    def send_newest(self, job: str, text: str) -> None:
        """Send how a job is now, or when there is room what was given last."""
        if self.ready:
            self.send(text)
        else:
            self._newest[job] = text

    def _sent(self, size: int, sent: Future[None]) -> None:
        if not sent.cancelled():
            sent.exception()  # the page is gone: on_close ends the rest
        self._unsent -= size
        if not self.ready and not self._unsent:
            self.ready = True
            newest, self._newest = self._newest, {}
            if self._feed is not None:
                for job, text in newest.items():
                    self.send_newest(job, text)
                self._feed.catch_up(self)

    async def deliver(self, text: str) -> None:
        """Send a message and wait until it has gone."""
        with suppress(WebSocketClosedError, StreamClosedError):  # on_close ends the rest
            await self.write_message(text)

    def stream_open(self, key: str) -> None:
        """Tell the page when all it subscribed is back."""
        self._found(key)

    def stream_lost(self, key: str, error: Unreachable) -> None:
        """Tell the page when the first of what it subscribed stops, and when it is for another reason."""
        offline = json.dumps({"type": "offline", "message": error.detail, "remedy": error.remedy})
        if not self._lost or self._offline != offline:
            self.send(offline)
        self._offline = offline
        self._lost.add(key)

    def _found(self, key: str) -> None:
        if key in self._lost:
            self._lost.remove(key)
            if not self._lost:
                self.send(json.dumps({"type": "online"}))

    def stream_refused(self, key: str, error: UserError) -> None:
        """Tell the page why it doesn't get this, and forget it."""
        self.send(BadMessage(error.detail, error.remedy, key, error.status).as_text())
        self._drop(key)

    def log_ended(self, key: str) -> None:
        """Forget a log that is complete."""
        self._drop(key)

    def on_open(self) -> None:
        """Note that the events come."""
        self.stream_open(EVENTS)

    def on_lost(self, error: Unreachable) -> None:
        """Note that the events stopped."""
        self.stream_lost(EVENTS, error)

    def on_refused(self, error: UserError) -> None:
        """Note that the service refuses the events."""
        self.stream_refused(EVENTS, error)
