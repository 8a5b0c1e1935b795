"""Settings: read once from the environment and from LIUHEN_HOME."""
