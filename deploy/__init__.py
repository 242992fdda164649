"""WHERE it runs: settings, programmes, migrations, units. Ships as package data."""
