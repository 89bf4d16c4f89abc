"""What the pages of this Jupyter server share."""

from __future__ import annotations

import weakref
from typing import Protocol

from .feed import Feed
from .upstream import Upstream


class Closable(Protocol):
    """A page, as the hub sees it."""

    def end(self, code: int, reason: str) -> None:
        """Close it and all that it follows."""


class Hub:
    """The feeds, one for each person with a page, and the pages."""

    def __init__(self, upstream: Upstream) -> None:
        self.upstream = upstream
        self.pages: set[Closable] = set()
        self._feeds: weakref.WeakValueDictionary[str, Feed] = weakref.WeakValueDictionary()

    def feed_of(self, user: str) -> Feed:
        """The person's feed, which lives as long as a page holds it."""
        feed = self._feeds.get(user)
        if feed is None:
            feed = self._feeds[user] = Feed(self.upstream, user)
        return feed

    async def close(self) -> None:
        """End every page, stream and request, and wait until they are gone."""
        for page in list(self.pages):
            page.end(1001, "This Jupyter server is stopping.")
        await self.upstream.close()
