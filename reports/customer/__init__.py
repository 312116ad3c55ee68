"""Reports about customers."""
