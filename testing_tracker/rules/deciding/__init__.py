"""What clinicians are asked because of the tests."""
