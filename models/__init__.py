"""WHAT is remembered: tables, frozen values, record types of acts. Knows nothing but the database."""
