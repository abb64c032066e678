"""The command log: a total order of durable frames behind one small port (port.py); memory and local logs."""

from engine.log.port import Log


async def open_log(url: str) -> Log:
    """A connection to the log at `url`: "memory:" (a new one) or "local:PATH_OF_SOCKET".

    Raises ValueError for another kind of url, LogUnavailable where no log process listens.
    """
    kind, _, rest = url.partition(":")
    if kind == "memory":
        from engine.log.memory import MemoryLog

        return MemoryLog()
    if kind == "local" and rest:
        from engine.log.local import LocalLog

        return await LocalLog.open(rest)
    raise ValueError(f"{url!r} is not a log: use memory: or local:PATH_OF_SOCKET")
