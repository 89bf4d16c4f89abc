"""A job's page."""

from __future__ import annotations

from ..stage import Stage, View


def running(stage: Stage) -> None:
    """Show one that runs."""
    stage.sidebar()
    stage.job("fit a curve")


def waiting(stage: Stage) -> None:
    """Show one that waits."""
    stage.no_sidebar()
    stage.job("bert-base")


def failed(stage: Stage) -> None:
    """Show one that has failed."""
    stage.no_sidebar()
    stage.job("evaluate resnet50")


def gang(stage: Stage) -> None:
    """Show one of several tasks."""
    stage.no_sidebar()
    tasks = stage.job("server and clients").get_by_role("heading", name="Tasks")
    tasks.evaluate("heading => heading.scrollIntoView()")


def logs(stage: Stage) -> None:
    """Show what it writes."""
    stage.no_sidebar()
    stage.job("fit a curve", "logs").get_by_text("epoch").first.wait_for()


def search(stage: Stage) -> None:
    """Look for a text."""
    stage.no_sidebar()
    log = stage.job("fit a curve, first try", "logs").locator(".jp-Jobsub-log")
    log.get_by_text("done").wait_for()
    log.get_by_role("button", name="Find in the log").click()
    log.get_by_role("searchbox").fill("epoch 1")
    log.get_by_text("1 of").or_(log.get_by_text("11 of")).wait_for()


def traceback(stage: Stage) -> None:
    """Show why it has failed."""
    stage.no_sidebar()
    stage.job("evaluate resnet50", "logs").get_by_text("ValueError").last.wait_for()


def metrics(stage: Stage) -> None:
    """Show what it uses."""
    stage.no_sidebar()
    stage.jobs.wait_for_metrics()
    page = stage.job("fit a curve", "metrics")
    page.get_by_role("figure").first.locator("canvas").wait_for()


def artifacts(stage: Stage) -> None:
    """Show what it has kept."""
    stage.no_sidebar()
    page = stage.job("fit a curve, first try", "artifacts")
    page.get_by_role("button", name="loss.svg").click()
    page.get_by_role("img", name="loss.svg").wait_for()


def output(stage: Stage) -> None:
    """Show the notebook with its outputs."""
    stage.no_sidebar()
    page = stage.job("train.ipynb", "artifacts")
    page.get_by_role("button", name=str(stage.jobs.row("train.ipynb")["output"])).click()
    results = stage.page.locator(".jp-NotebookPanel:visible .jp-OutputArea-output")
    results.last.scroll_into_view_if_needed()


def spec(stage: Stage) -> None:
    """Show what was submitted."""
    stage.no_sidebar()
    stage.job("fit a curve", "spec").get_by_label("Specification").wait_for()


JOB = [
    View("job", "A job that runs", running),
    View("job-waiting", "One that waits, and for what", waiting),
    View("job-failed", "One that has failed, and why", failed),
    View("job-tasks", "One of several tasks", gang),
    View("logs", "Its log, live", logs),
    View("logs-search", "Looking for something in a log", search),
    View("logs-failed", "The log of one that has failed", traceback),
    View("artifacts", "What it has kept", artifacts),
    View("output", "A notebook with its outputs", output),
    View("spec", "What was submitted", spec),
]
METRICS = View("metrics", "What it uses", metrics)
