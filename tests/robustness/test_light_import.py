"""`import omniactor` and what a laptop needs stay light."""

import subprocess
import sys


def test_importing_the_package_loads_nothing_heavy():
    code = (
        "import sys, omniactor, omniactor.cli, omniactor.worker, omniactor.sim.assets, omniactor.record;"
        "heavy = {'mujoco', 'robosuite', 'torch', 'transformers', 'gradio', 'libero', 'numba', 'matplotlib', 'av', 'cv2'} & set(sys.modules);"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
