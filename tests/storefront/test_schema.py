"""The shop does what its OpenAPI says, whoever asks whatever: no 5xx, and every answer is documented and has its schema.

schemathesis makes requests from the schema, such as fit and such as do not, of every operation, asked by those who may and by everybody
else; the names of things that exist are put into the paths. Then each field of a good body, each name in a path and each cursor becomes
something hostile: what PostgreSQL, JSON or 64 bits cannot hold.
"""

import asyncio
import itertools
import json
from typing import Any
from urllib.parse import quote

import hypothesis
import schemathesis
from hypothesis import HealthCheck, Phase
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance

from storefront.http import cursor
from tests.storefront.test_authorization import ANONYMOUS, BUYER, ENDPOINTS, MODERATOR, SELLER, SPELLED, Scene

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
FITTING, UNFIT, OTHERS = 4, 2, 1  # examples of an operation, by who may, and by two other kinds of person
HOSTILE = (
    "\x00", "a\x00b", "\ud800", "\udfff text", "\U0010ffff" * 60, "é" * 5000, "\u202e" * 30, "\n", " ", "'; DROP TABLE users --", "%s{0}$1",
    "1e400", "NaN", "-1", "9" * 40, "0.000000000000000000000000001", "9223372036854775808", 2**63, -(2**63) - 1, 2**31, 10**400, -1, 0, 1.5,
    1e308, float("nan"), float("inf"), True, None, [], {}, [None], ["\x00"], {"\x00": "\x00"}, {"a": {"b": []}}, [[[[[[[[]]]]]]]],
    ["x"] * 300, {str(number): "x" for number in range(300)}, "../../etc/passwd", "http://[::1", "00000000-0000-0000-0000-000000000000",
)  # fmt: skip
HOSTILE_TEXTS = [value for value in HOSTILE if isinstance(value, str)]
OF_QUERIES = [value for value in HOSTILE_TEXTS if value.isascii() or value.isprintable()]  # others have no spelling there
CURSORS = (
    "x", "AAAA", "\x00", "é", cursor(), cursor(None), cursor(2**63, 2**63, 2**63), cursor(-(2**70), 1, 1), cursor("\x00", "\x00"),
    cursor(1e308), cursor("9999-12-31T23:59:59Z", "00000000-0000-0000-0000-000000000000"), cursor("0001-01-01T00:00:00+23:59", "0" * 32),
    cursor([], {}), cursor(*range(50)), "A" * 1024, "A" * 1025,
)  # fmt: skip
PATHS = ("\x00", "%", "é" * 200, "\ud800".encode("utf-8", "surrogatepass"), "9" * 40, "-1", "a" * 2000, "..", "{}", " ", "\n",
         "00000000-0000-0000-0000-000000000000", "{00000000000000000000000000000000}", "urn:uuid:" + "0" * 32)  # fmt: skip


class Examiner:
    """Asks, and notes what is not as it should be."""

    def __init__(self, scene: Scene, document: dict) -> None:
        self.scene, self.loop = scene, asyncio.get_running_loop()
        self.operations = {f"{found.ok().method.upper()} {found.ok().path}": found.ok()
                           for found in schemathesis.openapi.from_dict(document).get_all_operations()}  # fmt: skip
        self.wrong: dict[str, str] = {}
        self.asked = 0

    def check(self, name: str, actor: str, case, answer) -> None:
        self.asked += 1
        try:
            case.validate_response(answer, checks=CHECKS)
        except (Failure, FailureGroup) as failure:
            causes = getattr(failure, "exceptions", [failure])
            sent = answer.request.content[:300]
            self.wrong.setdefault(f"{name} {answer.status_code} {[str(cause)[:300] for cause in causes]}",
                                  f"{actor} {answer.request.url} {sent!r}: {answer.text[:300]}")  # fmt: skip

    async def send(self, actor: str, method: str, path: str, **more: Any):
        async with self.scene.world.client(self.scene.people[actor]) as client:
            return await client.request(method, path, **more)

    # ---- made from the schema

    def examine(self, name: str, actor: str, mode, names: dict[str, str], count: int) -> None:
        """In a thread of its own, where hypothesis may block."""
        operation = self.operations[name]

        @hypothesis.settings(max_examples=count, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
                             suppress_health_check=list(HealthCheck))  # fmt: skip
        @hypothesis.given(case=operation.as_strategy(generation_mode=mode, path_parameters=names or None))
        def ask(case) -> None:
            answer = asyncio.run_coroutine_threadsafe(self.send_case(actor, case), self.loop).result()
            self.check(name, actor, case, answer)

        try:
            ask()
        except hypothesis.errors.Unsatisfiable:  # nothing to be wrong about
            return

    async def send_case(self, actor: str, case):
        wanted = case.as_transport_kwargs(base_url="http://shop.test")
        more: dict[str, Any] = {"params": wanted.get("params"), "headers": dict(wanted.get("headers") or {})}
        if "json" in wanted:
            more |= {"content": json.dumps(wanted["json"]), "headers": more["headers"] | {"Content-Type": "application/json"}}
        elif wanted.get("data") is not None:
            more["content"] = wanted["data"]
        return await self.send(actor, wanted["method"], wanted["url"], **more)

    # ---- made to hurt

    async def hurt(self, name: str, actor: str, names: dict[str, str]) -> None:
        operation, endpoint = self.operations[name], ENDPOINTS[spelled(name)]
        method, _, path = name.partition(" ")
        asked = [{"path": path.format(**names), "body": body} for body in self.bad_bodies(endpoint.body)]
        for parameter in names:
            asked += [{"path": path.format(**(names | {parameter: quote(value)}))} for value in some(PATHS, 3)]
        for parameter in operation.query:
            values = CURSORS if parameter.name == "after" else OF_QUERIES
            asked += [{"path": path.format(**names), "params": {**endpoint.query, parameter.name: value}} for value in some(values, 4)]
        for one in asked:
            more = {"params": one["params"]} if "params" in one else {}
            if "body" in one:
                more |= {"content": json.dumps(one["body"]), "headers": {"Content-Type": "application/json"}}
            elif isinstance(endpoint.body, dict):
                more["json"] = self.scene.filled(endpoint.body)
            answer = await self.send(actor, method, one["path"], **more)
            self.check(name, actor, operation.Case(path_parameters=names), answer)

    def bad_bodies(self, body: Any) -> list[Any]:
        """The body with something hostile in one field after the other."""
        if not isinstance(body, dict):
            return []
        good = self.scene.filled(body)
        of_kind = {field: HOSTILE_TEXTS if isinstance(kept, str) else HOSTILE for field, kept in good.items()}
        return [good | {field: value} for field, values in of_kind.items() for value in some(values, 5)] + some(HOSTILE, 2)


_turns = itertools.count()


def some(values, count: int) -> list[Any]:
    """The next so many of them, over and over: in the end each has had its turn everywhere."""
    start = next(_turns) * count
    return [values[(start + step) % len(values)] for step in range(count)]


def spelled(name: str) -> str:
    """The operation as the table of test_authorization calls it."""
    method, _, path = name.partition(" ")
    for ours, theirs in SPELLED.items():
        if path.startswith(ours):
            path = path.replace(ours, ours.rpartition("/")[0] + "/" + theirs)
    return f"{method} {path}"


def names_in(scene: Scene, name: str) -> dict[str, str]:
    """What stands in the operation's path, by its own word for it."""
    ours, theirs = name.split("/"), spelled(name).split("/")
    return {mine[1:-1]: str(scene.names[yours[1:-1]]) for mine, yours in zip(ours, theirs, strict=True) if mine.startswith("{")}


async def test_every_answer_to_whatever_is_asked_is_documented(world) -> None:
    scene = await Scene.of(world)
    async with world.client(None) as client:
        document = (await client.get("/shop/openapi.json")).json()
    examiner = Examiner(scene, document)
    assert {spelled(name) for name in examiner.operations} == set(ENDPOINTS)
    modes = schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE
    last = ("DELETE", "PATCH /shop/admin", "POST /shop/admin")  # what ends things, or changes the rules, comes after what uses them
    for name in sorted(examiner.operations, key=lambda name: name.startswith(last)):
        who = min(ENDPOINTS[spelled(name)].allowed & {BUYER, SELLER, MODERATOR})
        names = names_in(scene, name)
        for mode, count in zip(modes, (FITTING, UNFIT), strict=True):
            await asyncio.to_thread(examiner.examine, name, who, mode, names, count)
        others = [actor for actor in (ANONYMOUS, BUYER, SELLER, MODERATOR) if actor != who]
        for mode, actor in zip(modes, some(others, 2), strict=True):
            await asyncio.to_thread(examiner.examine, name, actor, mode, {}, OTHERS)
        await examiner.hurt(name, who, names)
    assert examiner.asked > 1000
    assert not examiner.wrong, "\n".join(f"{what}\n    {where}" for what, where in examiner.wrong.items())
    await world.check()
