"""A fleet of nodes: what fleet.toml says, and the TFTP tree and SD cards that are made from it."""
