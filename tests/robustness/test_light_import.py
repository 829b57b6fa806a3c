"""`import omniactor` and what a laptop needs stay light."""

import subprocess
import sys


def test_importing_the_package_loads_nothing_heavy():
    code = (
        "import sys, omniactor, omniactor.cli, omniactor.worker, omniactor.sim.assets, omniactor.record,"
        "omniactor.actions.dialects.registry, omniactor.gui.images, omniactor.gui.peer;"
        "heavy = {'mujoco', 'robosuite', 'torch', 'transformers', 'gradio', 'libero', 'numba', 'matplotlib', 'av', 'cv2'};"
        "heavy &= set(sys.modules);"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
