"""What templates of the operators' pages need."""
