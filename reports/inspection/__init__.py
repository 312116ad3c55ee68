"""Reports about inspections and issues."""
