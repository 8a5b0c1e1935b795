"""Where bytes live: one protocol, one file a backend, one contract suite over all of them."""
