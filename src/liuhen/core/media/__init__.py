"""What a file says of itself, asked in a child process with limits on memory, CPU and time."""
