"""Every fault that the cluster must survive, played against real servers and processes: `make drill`."""
