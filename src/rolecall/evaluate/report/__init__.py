"""Reports of measurements: plots as SVG, one HTML file that needs no network and no script."""
