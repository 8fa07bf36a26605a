"""What models are: their shapes, their sizes, the catalogue, and where their files lie."""
