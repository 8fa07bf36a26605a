"""Whether a model fits a card, and how fast it will be: arithmetic in whole bytes."""
