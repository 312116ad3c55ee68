"""Pages about customers that a declaration cannot give."""
