"""A whole installation in one file and back: `making` writes an archive, `restoring` reads one, engines by name."""
