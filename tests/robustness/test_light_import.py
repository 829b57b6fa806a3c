"""`import omniactor` and what a laptop needs stay light."""

import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_importing_the_package_loads_nothing_heavy():
    code = (
        "import sys, omniactor, omniactor.cli, omniactor.worker, omniactor.sim.assets, omniactor.record,"
        "omniactor.actions.dialects.registry, omniactor.gui.images, omniactor.gui.peer;"
        "heavy = {'mujoco', 'robosuite', 'torch', 'transformers', 'gradio', 'libero', 'numba', 'matplotlib', 'av', 'cv2'};"
        "heavy &= set(sys.modules);"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def imports(path):
    """Return the top names of every module that a file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name.split(".")[0] for name in node.names}
        if isinstance(node, ast.ImportFrom) and not node.level and node.module:
            found.add(node.module.split(".")[0])
    return found


def test_only_the_compiler_of_scenes_and_the_comparison_with_stock_touch_libero_and_robosuite():
    """Everything else runs on compiled scenes: no environment of theirs is stepped, reset or drawn."""
    files = [path for folder in ("omniactor", "demo", "benchmarks") for path in (ROOT / folder).rglob("*.py")] + [ROOT / "app.py"]
    users = {str(path.relative_to(ROOT)) for path in files if imports(path) & {"libero", "robosuite"}}
    assert users == {"omniactor/sim/compile.py", "benchmarks/stock.py"}
    builders = {str(path.relative_to(ROOT)) for path in files if "build_stock(" in path.read_text(encoding="utf-8")}
    assert builders == {"omniactor/sim/compile.py"}
    stock = {str(path.relative_to(ROOT)) for path in files if "benchmarks.stock" in path.read_text(encoding="utf-8")}
    assert stock == {"benchmarks/parity.py", "benchmarks/expert.py", "benchmarks/simulator.py"}
