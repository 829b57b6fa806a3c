"""Parameters and memory of every preset and variant, counted on PyTorch's meta device: nothing is allocated.

    python benchmarks/sizes.py            # a Markdown table, then one JSON line

"Active" is what one sample runs through. Gigabytes are 10^9 bytes in bf16, weights alone. Every count is
made twice, by adding up the tensors of the model and by a formula; the command fails if they differ.
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from omniactor.model.configuration import VARIANTS
from omniactor.model.modeling import OmniActorForConditionalGeneration
from omniactor.model.parameters import count_parameters
from omniactor.model.presets import PRESETS, make_config


def main() -> None:
    """Print the table."""
    rows = []
    print("| preset | variant | parameters | active | bf16 | bf16, one expert |\n|---|---|---|---|---|---|")
    for preset in PRESETS:
        for variant in VARIANTS:
            config = make_config(preset, variant)
            parts = count_parameters(config)
            tensors = OmniActorForConditionalGeneration.expected_shapes(config)
            total = sum(math.prod(shape) for shape in tensors.values())
            if total != parts.total:
                sys.exit(f"expected {parts.total} parameters by the formula, got {total} in the model of {preset} {variant}")
            rows.append({"preset": preset, "variant": variant, "parameters": total, "active": parts.active})
            alone = "-" if config.router or parts.active == total else _bytes(2 * parts.active)
            print(f"| {preset} | {variant} | {_count(total)} | {_count(parts.active)} | {_bytes(2 * total)} | {alone} |")
    print(json.dumps({"benchmark": "sizes", "rows": rows}))


def _count(number: int) -> str:
    return f"{number / 1e9:.2f} B" if number >= 1e9 else f"{number / 1e6:.2f} M"


def _bytes(number: int) -> str:
    return f"{number / 1e9:.1f} GB" if number >= 1e9 else f"{number / 1e6:.1f} MB"


if __name__ == "__main__":
    main()
