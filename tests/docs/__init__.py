"""What the docs say, held against what is there."""
