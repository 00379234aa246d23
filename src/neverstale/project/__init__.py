"""What a project declares and consists of."""
