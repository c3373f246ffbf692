"""What tests stand on: real servers started once a worker, and the real services in one process."""
