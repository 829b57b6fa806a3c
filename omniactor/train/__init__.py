"""Training: recipes, the mixture of two worlds, checkpoints that survive anything. Hugging Face Trainer does the rest."""
