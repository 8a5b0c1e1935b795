"""card -> batch -> checks -> recordings -> receipt."""
