"""Floor 2: what every stage stands on."""
