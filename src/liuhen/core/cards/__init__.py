"""What lies on a card: its files, read without trust, and what their names say."""
