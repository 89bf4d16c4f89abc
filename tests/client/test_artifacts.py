"""What jobs have left, from Python, at a real service."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from jupyter_jobsub import AsyncJobsubClient, Expired, Job, JobsubClient, NotFound
from jupyter_jobsub.client.errors import UsageError

pytestmark = pytest.mark.usefixtures("nothing_left")
LEAVES = """
cd "$JOBSUB_ARTIFACTS"
mkdir -p sub/deeper
printf one >a.txt
head -c 1000000 /dev/zero >sub/deeper/b.bin
printf two >'ü 50%#?.txt'
"""
FILES = {"a.txt": b"one", "sub/deeper/b.bin": bytes(1_000_000), "ü 50%#?.txt": b"two"}


@pytest.fixture
def job(client: JobsubClient) -> Job:
    return client.submit(command=LEAVES).wait(check=True)


def below(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_they_are_listed_and_read(job: Job) -> None:
    assert {row["path"]: row["size"] for row in job.artifacts} == {n: len(d) for n, d in FILES.items()}
    assert {name: job.artifacts.read(name) for name in FILES} == FILES
    listing = job.artifacts.listing()
    assert (listing["complete"], listing["dropped"]) == (True, [])
    assert listing["items"] == job.artifacts.list() == job.artifacts.of_attempt(1).list()
    assert repr(job.artifacts) == f"<Artifacts of {job.id}>"


def test_all_are_downloaded(job: Job, tmp_path: Path) -> None:
    written = job.artifacts.download(to=tmp_path / "new")
    assert sorted(written) == sorted(tmp_path / "new" / name for name in FILES)
    assert below(tmp_path / "new") == FILES


def test_one_is_downloaded_in_place_of_what_was_there(job: Job, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("old and longer")
    assert job.artifacts.download("a.txt") == [Path("a.txt")]
    assert below(tmp_path) == {"a.txt": b"one"}


def test_a_folder_is_not_replaced_and_named(job: Job, tmp_path: Path) -> None:
    (tmp_path / "a.txt").mkdir()
    with pytest.raises(UsageError, match=f"{tmp_path}/a.txt is a folder"):
        job.artifacts.download("a.txt", to=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_what_is_not_there_leaves_nothing(job: Job, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        job.artifacts.read("b.txt")
    with pytest.raises(NotFound):
        job.artifacts.download("new/b.txt", to=tmp_path)
    with pytest.raises(NotFound):
        job.artifacts.read("../log")
    assert list(tmp_path.iterdir()) == []


def test_a_path_stays_in_the_folder(job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(job._service), "artifact", lambda *_, **__: iter([b"x"]))
    job.artifacts.download("/../../up/./x", to=tmp_path / "new")
    assert below(tmp_path) == {"new/up/x": b"x"}


def test_a_job_that_is_purged_has_none(job: Job) -> None:
    assert (job.kept_bytes or 0) > 1_000_000
    assert job.purge().kept_bytes == 0
    with pytest.raises(Expired):
        job.artifacts.list()
    with pytest.raises(Expired):
        job.logs()


def test_in_asyncio(at_service: None, tmp_path: Path) -> None:
    async def work() -> None:
        async with AsyncJobsubClient(start=False) as client:
            job = await client.submit(command=LEAVES)
            await job.wait(check=True)
            assert {row["path"] async for row in job.artifacts} == set(FILES)
            assert await job.artifacts.read("a.txt") == b"one"
            assert len(await job.artifacts.of_attempt(1).list()) == len(FILES)
            await job.artifacts.download(to=tmp_path)
            assert (await job.purge()).kept_bytes == 0

    asyncio.run(work())
    assert below(tmp_path) == FILES
