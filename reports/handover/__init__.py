"""Reports about handovers."""
