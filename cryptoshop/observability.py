"""What a running venue tells about itself: structured logs and Prometheus metrics. Off the path of an order: figures are sampled.

Each role samples its own counters once a second into metric files below DIR/metrics; /metrics on the REST role adds them up.
"""

import asyncio
import logging
import os
import sys
import time

import prometheus_client
import structlog
from prometheus_client import Gauge, multiprocess

SAMPLE_SECONDS = 1.0


def configure_logging(role: str) -> structlog.stdlib.BoundLogger:
    """One JSON object a line on standard error, with time, level, role and event; also for libraries that use `logging`."""
    shared = [
        structlog.contextvars.merge_contextvars,
        split_fields,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            pass_foreign_args=True,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, structlog.processors.JSONRenderer()],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)
    structlog.contextvars.bind_contextvars(role=role)
    return structlog.get_logger(role)


def split_fields(_logger, _method: str, event: dict) -> dict:
    """A line of the rooms below ("event=log_lost position=%d reason=%s") becomes an event with fields of its own."""
    arguments = iter(event.pop("positional_args", None) or ())
    record = event.get("_record")
    if record is None or not str(record.msg).startswith("event="):
        return event
    name = "event"
    for word in record.msg.split():
        before, is_field, form = word.partition("=")
        if not is_field:
            event[name] = f"{event[name]} {word}"
            continue
        name = before
        value = next(arguments, None) if form.startswith("%") else form
        event[name] = value if isinstance(value, int | float | str) else str(value)
    return event


class Sampler:
    """Turns a role's plain counters (a callable giving name -> number) into gauges `cryptoshop_<name>{role=…}`."""

    def __init__(self, role: str, counters) -> None:
        self.role = role
        self.counters = counters
        self.gauges: dict[str, Gauge] = {}

    async def run(self) -> None:
        while True:
            self.sample()
            await asyncio.sleep(SAMPLE_SECONDS)

    def sample(self) -> None:
        for name, value in {**self.counters(), "process_cpu_seconds": time.process_time()}.items():
            gauge = self.gauges.get(name)
            if gauge is None:
                gauge = Gauge(f"cryptoshop_{name}", name.replace("_", " "), ["role"], multiprocess_mode="mostrecent")
                self.gauges[name] = gauge
            gauge.labels(self.role).set(value)


def metrics_page() -> tuple[bytes, str]:
    """All roles' metrics in Prometheus' text form, and its content type; of a role that runs alone, its own."""
    registry = prometheus_client.REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = prometheus_client.CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)
    return prometheus_client.generate_latest(registry), prometheus_client.CONTENT_TYPE_LATEST
