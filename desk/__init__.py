"""WHERE people stand: the `tsudoi` command."""
