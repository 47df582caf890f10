"""The event bus: the outbox goes to NATS JetStream, and whoever wants follows.

`relay` publishes, `follow` reads, `bus` is the connection that both stand on, `embedded` the server that is
started when none is named, `asyncapi` the description for others. The database stays the truth: nothing here
is needed for a job to run.
"""

from __future__ import annotations
