"""Guards, one module a stage. A guard is a pure claim; its docstring is the condition, shown to people as it stands."""
