"""Near-duplicates: pages that say the same, and one extraction shared between them."""
