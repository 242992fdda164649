"""WHAT IS DONE: one module a stage. Evidence comes through adapters and goes through the door."""
