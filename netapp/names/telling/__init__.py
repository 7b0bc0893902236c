"""What a process tells of its zones to other processes of the same owner."""
