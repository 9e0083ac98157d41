"""Ways of loading chat models; each enters by `inference.registry`."""
