"""The local stack: everything that `make up` runs on one machine."""
