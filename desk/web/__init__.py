"""The desk as a web page: people log in, see what is due from them, and do it. No rule lives here."""
