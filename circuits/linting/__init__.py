"""What a dialect's engine would refuse, or drop without a word."""
