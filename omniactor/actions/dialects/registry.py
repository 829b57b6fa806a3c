"""The dialects by name, and which one a model speaks."""

from __future__ import annotations

import difflib

from omniactor.actions.dialects.agentcpm import AGENTCPM
from omniactor.actions.dialects.aguvis import AGUVIS, OMNIACTOR
from omniactor.actions.dialects.android_world import ANDROID_WORLD
from omniactor.actions.dialects.claude import CLAUDE
from omniactor.actions.dialects.dialect import Dialect
from omniactor.actions.dialects.grounders import ARIA_UI, UGROUND
from omniactor.actions.dialects.magma import MAGMA
from omniactor.actions.dialects.odyssey import ODYSSEY
from omniactor.actions.dialects.openai_computer import OPENAI
from omniactor.actions.dialects.os_atlas import OS_ATLAS, OS_ATLAS_ODYSSEY
from omniactor.actions.dialects.qwen2_vl import QWEN2
from omniactor.actions.dialects.qwen_tools import QWEN3, QWEN3_COMPUTER, QWEN25, QWEN25_COMPUTER, UITRON
from omniactor.actions.dialects.seeclick import SEECLICK
from omniactor.actions.dialects.showui import SHOWUI
from omniactor.actions.dialects.ui_tars import DOUBAO, UI_TARS, UI_TARS_15
from omniactor.errors import InputError

DIALECTS: dict[str, Dialect] = {
    "omniactor": OMNIACTOR,
    "aguvis": AGUVIS,
    "qwen2-vl": QWEN2,
    "qwen2.5-vl": QWEN25,
    "qwen2.5-vl-computer": QWEN25_COMPUTER,
    "qwen3-vl": QWEN3,
    "qwen3-vl-computer": QWEN3_COMPUTER,
    "uitron": UITRON,
    "ui-tars": UI_TARS,
    "ui-tars-1.5": UI_TARS_15,
    "doubao": DOUBAO,
    "os-atlas": OS_ATLAS,
    "os-atlas-odyssey": OS_ATLAS_ODYSSEY,
    "gui-odyssey": ODYSSEY,
    "seeclick": SEECLICK,
    "aria-ui": ARIA_UI,
    "uground": UGROUND,
    "showui": SHOWUI,
    "agentcpm-gui": AGENTCPM,
    "magma": MAGMA,
    "claude": CLAUDE,
    "openai-computer": OPENAI,
    "android-world": ANDROID_WORLD,
}

# What a model's name may contain -> its dialect; the first that fits counts, so the more exact stand first.
_MODELS = {
    "ui-tars-1.5": "ui-tars-1.5", "ui-tars-1-5": "ui-tars-1.5", "doubao": "doubao", "ui-tars": "ui-tars", "uitars": "ui-tars",
    "uitron": "uitron", "os-atlas": "os-atlas", "aguvis": "aguvis", "uground": "uground", "aria-ui": "aria-ui",
    "odysseyagent": "gui-odyssey", "showui": "showui",
    "agentcpm": "agentcpm-gui", "seeclick": "seeclick", "magma": "magma", "omniactor": "omniactor",
    "qwen3-vl": "qwen3-vl", "qwen2.5-vl": "qwen2.5-vl", "qwen2-5-vl": "qwen2.5-vl", "qwen2_5_vl": "qwen2.5-vl",
    "qwen2-vl": "qwen2-vl", "claude": "claude", "computer-use-preview": "openai-computer",
}  # fmt: skip


def find_dialect(name: str) -> Dialect:
    """Return the dialect called `name`.

    Raises:
        InputError: there is none; the nearest name is in the message.
    """
    if name in DIALECTS:
        return DIALECTS[name]
    near = difflib.get_close_matches(str(name)[:60].lower(), DIALECTS, 1, 0.4)
    meant = f", perhaps {near[0]}?" if near else ""
    raise InputError(f"expected a dialect ({', '.join(DIALECTS)}), got {str(name)[:60]!r}{meant}")


def dialect_of_model(model: str) -> Dialect:
    """Return the dialect of a model by its name, such as "ByteDance-Seed/UI-TARS-1.5-7B".

    Raises:
        InputError: no known family in the name.
    """
    small = model.lower()
    for part, name in _MODELS.items():
        if part in small:
            return DIALECTS[name]
    raise InputError(f"expected a model of a known family, got {model[:80]!r}; name its dialect ({', '.join(DIALECTS)})")
