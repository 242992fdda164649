"""WHEN it happens: Prefect flows and schedules. The only user of `prefect`."""
