"""The comparison with stock LIBERO runs, and finds nothing, on the models that are always there."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.slow
def test_the_simulator_equals_stock_libero(tmp_path):
    command = [sys.executable, ROOT / "benchmarks/simulator.py", "--parity", "--assets", "standin", "--tasks", "49,20"]
    command += ["--sizes", "128", "--expert", "1", "--picture", tmp_path / "worst.png"]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=True)
    result = json.loads(done.stdout.splitlines()[-1])
    assert result["passed"] == result["of"] == 2
    assert result["expert"]["points"] == 0
    assert (tmp_path / "worst.png").stat().st_size > 1000
