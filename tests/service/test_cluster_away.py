"""A service whose cluster does not answer lists, takes jobs in, and says what they wait for."""

from __future__ import annotations

import json
from pathlib import Path

from tests.live import live

KUBECONFIG = {
    "apiVersion": "v1",
    "kind": "Config",
    "current-context": "away",
    "contexts": [{"name": "away", "context": {"cluster": "away", "user": "me"}}],
    "clusters": [{"name": "away", "cluster": {"server": "https://127.0.0.1:1"}}],
    "users": [{"name": "me", "user": {"token": "secret"}}],
}


def test_jobs_wait_for_a_cluster_that_does_not_answer(tmp_path: Path) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text(json.dumps(KUBECONFIG))
    config = f"c.JobsubService.engine = 'kubernetes'\nc.JobsubService.kubernetes = {{'kubeconfig': '{path}'}}"
    with live(config) as service:
        id = service.submit("true")["id"]
        job = service.job(id)
        assert (job["phase"], job["reason"], job["position"]) == ("Pending", "EngineUnavailable", 1)
        assert "127.0.0.1:1 does not answer: connection refused" in job["message"]
        assert service.get("/jobsub/status").json["trouble"] == job["message"]
        assert [group["name"] for group in service.get("/jobsub/catalog").json["groups"]] == ["default"]
        service.post(f"/jobsub/jobs/{id}/cancel")
        assert service.until(id)["phase"] == "Cancelled"
        removals = service.ask("DELETE", f"/jobsub/jobs/{id}"), service.post(f"/jobsub/jobs/{id}/purge")
        assert [answer.status for answer in removals] == [503, 503]
        assert "the cluster" in removals[0].json["detail"].lower()
        assert service.job(id)["log_expired"] is False
