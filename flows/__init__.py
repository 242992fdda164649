"""WHEN it happens: Prefect flows, schedules and forms. The only user of `prefect`."""
