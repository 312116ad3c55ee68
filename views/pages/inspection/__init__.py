"""Pages of inspection: rooms chosen in the grid, fast entry, lists per contractor, summaries."""
