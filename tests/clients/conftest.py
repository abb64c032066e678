"""One real venue for all clients' tests: `cryptoshop serve --demo` on free ports, stopped at the end."""

from collections.abc import Iterator

import pytest

from tests.clients.venue import ClientVenue
from tests.cryptoshop.processes import Serve


@pytest.fixture(scope="session")
def venue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClientVenue]:
    """URLs and demo accounts of the running venue."""
    with Serve(tmp_path_factory.mktemp("clients") / "data", "--demo") as serve:
        yield ClientVenue(serve.rest_url, serve.ws_url, serve.demo_accounts())
