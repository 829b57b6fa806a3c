"""What an agent can do, in the forms models read and write."""
