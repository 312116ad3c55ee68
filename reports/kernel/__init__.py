"""What reports are declared and counted with."""
