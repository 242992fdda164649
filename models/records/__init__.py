"""The record types of acts, one module a stage. What an act must bring is what its record type asks."""
