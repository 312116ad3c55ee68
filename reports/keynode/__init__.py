"""Reports about key nodes."""
