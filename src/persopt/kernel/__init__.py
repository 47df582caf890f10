"""The job kernel: durable jobs, the processes that run them, and the store that remembers everything."""
