"""Installing as a transaction: set aside, replace, verify, or put back."""
