"""What the engine of a dialect would refuse, or drop without a word."""
