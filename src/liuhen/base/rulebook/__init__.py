"""Which regulation the office runs, from which day; and what its legal office has ruled of it."""
