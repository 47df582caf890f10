"""What several tests stand on: servers and checks."""
