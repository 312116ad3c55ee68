"""What sets the checkout up: nothing here is imported by the console itself."""
