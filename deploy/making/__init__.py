"""What makes the pages, words and signs that the project ships; each finds with --check what is stale."""
