"""Messages about jobs of persopt that have ended, sent to wherever their user is.

It only reads the published events, as a stranger's subscriber would.
"""
