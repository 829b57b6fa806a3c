"""Write the mean of two checkpoints' weights: a fine-tuned one led halfway back to what it came from.

    python benchmarks/average.py assets/checkpoints/omniactor-mini runs/mini-1/model --out runs/mean

Both must be of one architecture; everything but the weights comes from the first. Wortsman et al., "Model soups"
(arXiv 2203.05482), is about why that often does no harm.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from safetensors.torch import load_file, save_file

from omniactor.errors import InputError

FILES = ("config.json", "generation_config.json", "processor_config.json", "tokenizer.json", "tokenizer_config.json")


def main() -> None:
    """Check, average, write."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("first", type=Path, help="checkpoint folder, which also gives configuration and tokenizer")
    parser.add_argument("second", type=Path, help="checkpoint folder")
    parser.add_argument("--share", type=float, default=0.5, help="of the second, 0 to 1 (default: 0.5)")
    parser.add_argument("--out", type=Path, required=True, help="folder to make")
    options = parser.parse_args()
    try:
        average(options.first, options.second, options.share, options.out)
    except InputError as error:
        sys.exit(str(error))


def average(first: Path, second: Path, share: float, out: Path) -> None:
    """Write the weighted mean of two checkpoint folders.

    Raises:
        InputError: no such folders, tensors that do not match, a share beyond 0 to 1, or a folder that is there.
    """
    if not 0 <= share <= 1:
        raise InputError(f"expected a share from 0 to 1, got {share}")
    if out.exists():
        raise InputError(f"expected a folder to make, got {out}, which is there; choose another --out")
    for folder in (first, second):
        if not (folder / "model.safetensors").is_file():
            raise InputError(f"expected a checkpoint with model.safetensors in {folder}, got none")
    one, other = (load_file(folder / "model.safetensors") for folder in (first, second))
    if {k: v.shape for k, v in one.items()} != {k: v.shape for k, v in other.items()}:
        raise InputError(f"expected two checkpoints of one architecture, got {first} and {second} with other tensors")
    staging = out.with_name(f".{out.name}.part")
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True)
    for name in FILES:
        shutil.copy(first / name, staging / name)
    mean = {name: (value * (1 - share) + other[name] * share).contiguous() for name, value in one.items()}
    save_file(mean, staging / "model.safetensors", metadata={"format": "pt"})
    staging.rename(out)
    print(f"{out}: {len(mean)} tensors, {100 * share:.0f} % of {second}")


if __name__ == "__main__":
    main()
