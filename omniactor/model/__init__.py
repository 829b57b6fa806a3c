"""The OmniActor model, its weights and its agents. Needs PyTorch and transformers."""
