"""What the roles write: one JSON object a line, whose fields can be asked for by name; and metrics, also of a role alone."""

import json
import subprocess
import sys

LINES = """
import logging
from cryptoshop.observability import configure_logging
own = configure_logging("rest")
room = logging.getLogger("engine")
room.warning("event=log_lost position=%d reason=%s", 5, OSError("the connection was lost"))
room.warning("event=client_disconnected reason=does not read its answers")
room.info("plain %s", "words")
own.info("ready", port=1)
"""


def test_lines_have_fields_of_their_own() -> None:
    said = subprocess.run([sys.executable, "-c", LINES], capture_output=True, text=True, check=True).stderr
    lost, disconnected, plain, own = map(json.loads, said.splitlines())
    assert (lost["event"], lost["position"], lost["reason"]) == ("log_lost", 5, "the connection was lost")
    assert (disconnected["event"], disconnected["reason"]) == ("client_disconnected", "does not read its answers")
    assert plain["event"] == "plain words"
    assert (own["event"], own["port"]) == ("ready", 1)
    assert all(line["role"] == "rest" and line["level"] and line["timestamp"] for line in (lost, disconnected, plain, own))


def test_a_role_alone_shows_its_own_figures(monkeypatch) -> None:
    monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR", raising=False)
    from cryptoshop.observability import Sampler, metrics_page  # noqa: PLC0415

    Sampler("alone", lambda: {"frames_seen": 7}).sample()
    body, content_type = metrics_page()
    assert b'cryptoshop_frames_seen{role="alone"} 7.0' in body
    assert content_type.startswith("text/plain")
