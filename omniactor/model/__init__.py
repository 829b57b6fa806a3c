"""The OmniActor model, its weights and its agents. Needs PyTorch and transformers."""

import os

# PyTorch's threads wait for each other by spinning. Beside a simulator on two cores that costs more than
# the arithmetic (measured: a decision of the mini preset 30 ms instead of 1,100 on a busy machine), so let
# them sleep. Read when PyTorch loads, hence here; whoever sets it knows better.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
