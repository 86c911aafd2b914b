"""How the diary came to its shape."""
