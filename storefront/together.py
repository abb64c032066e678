"""Questions to the database that come at once and are asked in one statement; of as many requests as there happen to be."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

TOGETHER_MAX = 64


class Together:
    """`carry_out(items)` answers each item in its place. What comes while it is under way waits, and is then carried out together."""

    def __init__(self, carry_out: Callable[[Sequence[Any]], Awaitable[Sequence[Any]]]):
        self._carry_out = carry_out
        self._waiting: deque[tuple[Any, asyncio.Future]] = deque()
        self._working: asyncio.Task[None] | None = None

    async def ask(self, item: Any) -> Any:
        """The answer; raises what `carry_out` raised for the items that it was asked with."""
        answer = asyncio.get_running_loop().create_future()
        self._waiting.append((item, answer))
        if self._working is None or self._working.done():
            self._working = asyncio.create_task(self._work())
        return await answer

    async def _work(self) -> None:
        while self._waiting:
            asked = [self._waiting.popleft() for _ in range(min(len(self._waiting), TOGETHER_MAX))]
            try:
                answers = await self._carry_out([item for item, _ in asked])
            except BaseException as error:  # noqa: BLE001 (theirs who asked; a cancelled task lets nobody wait for ever)
                for _, answer in asked:
                    if not answer.done():
                        answer.set_exception(error)
                if not isinstance(error, Exception):
                    raise
                continue
            for (_, answer), found in zip(asked, answers, strict=True):
                if not answer.done():
                    answer.set_result(found)
