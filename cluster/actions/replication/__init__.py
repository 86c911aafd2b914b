"""The log on its way from the primary to the others, and the acknowledgements on their way back."""
