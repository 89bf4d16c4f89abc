from __future__ import annotations

import json
import sys

from jupyter_server.services.contents.manager import ContentsManager


class Elsewhere(ContentsManager):
    """Keeps files on no disk."""

    root_dir = "bucket"


async def told(jp_fetch) -> dict[str, object]:
    return json.loads((await jp_fetch("jobsub/server")).body)


async def test_it_tells_where_files_and_environment_are(service, jp_fetch, jp_root_dir):
    assert await told(jp_fetch) == {"root": str(jp_root_dir), "environment": sys.prefix, "service": True}
    assert not service.requests


async def test_files_that_are_on_no_disk_have_no_folder(service, jp_serverapp, jp_fetch):
    jp_serverapp.web_app.settings["contents_manager"] = Elsewhere(parent=jp_serverapp)
    assert (await told(jp_fetch))["root"] is None


async def test_a_service_that_is_not_there_is_not_started(service, jp_fetch):
    await service.kill()
    assert (await told(jp_fetch))["service"] is False
    assert not service.address.exists()
