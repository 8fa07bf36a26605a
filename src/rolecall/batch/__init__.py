"""Many inputs: files and lines in, workers, one output file that can be continued."""
