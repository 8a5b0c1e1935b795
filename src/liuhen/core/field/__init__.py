"""What recordings admit about the fieldwork they come from, judged by a pack: pure, no clock, no database."""
