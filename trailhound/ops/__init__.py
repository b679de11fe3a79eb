"""What whoever runs it asks for: status and maintenance."""
