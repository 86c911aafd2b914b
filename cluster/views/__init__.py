"""The pages for operators and the addresses for machines. They read what the watch saw last."""
