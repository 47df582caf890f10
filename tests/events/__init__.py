"""Tests of the event bus, against real NATS servers only."""
