"""Arrays of memristors with the resistance of their wires."""
