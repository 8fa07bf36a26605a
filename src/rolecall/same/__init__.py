"""When two values of a field say the same: by words, by kind of value, and as named scorers."""
