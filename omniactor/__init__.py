"""OmniActor: one agent that clicks through GUIs and drives a robot arm.

Importing this package is light: MuJoCo, robosuite, PyTorch and Gradio load only in the modules
that need them. Read `types`, `errors`, `agent`, `rollout` first; they are the whole vocabulary.
"""

import gymnasium

from omniactor.agent import Agent, make_agent
from omniactor.errors import OmniActorError
from omniactor.registration import register
from omniactor.rollout import rollout
from omniactor.types import EmbodiedAction, GuiAction, Observation, Step

__version__ = "0.1.0"

__all__ = ["Agent", "EmbodiedAction", "GuiAction", "Observation", "OmniActorError", "Step", "make_agent", "rollout"]

if "omniactor/Libero90-v0" not in gymnasium.registry:
    gymnasium.register(id="omniactor/Libero90-v0", entry_point="omniactor.sim.libero:Libero90Env")
    gymnasium.register(id="omniactor/MiniWob-v0", entry_point="omniactor.gui.miniwob:MiniWobEnv")

register()
