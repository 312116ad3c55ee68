"""Reports about homes and buildings."""
