"""A second opinion on a sample of the pages: which are taken, what it says, what comes of it."""
