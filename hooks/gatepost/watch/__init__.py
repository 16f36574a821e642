"""The verification after a deploy: statistics, state machine, queue."""
