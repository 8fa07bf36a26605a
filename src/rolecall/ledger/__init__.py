"""The embedded database of the user's data folder, with the budget and the kept completions."""
