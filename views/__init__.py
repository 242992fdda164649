"""WHAT IS SEEN: read models of one moment. They write nothing."""
