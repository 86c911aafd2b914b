"""The same trial with the apps that are too many for every run: a shop, and sign-in with accounts of other sites."""
