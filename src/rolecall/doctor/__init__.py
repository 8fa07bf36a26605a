"""What works here, what does not, and the remedy; see ``rolecall doctor``."""
