"""WHAT IS PRINTED: what is seen becomes a typed sheet, one module a paper. Words on paper are Japanese."""
