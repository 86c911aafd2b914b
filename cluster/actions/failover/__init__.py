"""Who is the primary: promotion, switchover, recovery, and the monitor that decides."""
