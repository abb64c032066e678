"""The two machines, for tests that hold both to the same rules."""

import pytest

from engine.machine import Machine
from engine.oracle.machine import OracleMachine

both_machines = pytest.mark.parametrize("make_machine", [OracleMachine, Machine], ids=["oracle", "kernels"])
