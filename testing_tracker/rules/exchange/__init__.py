"""What comes from elsewhere and goes there: files, numbers and days as others write them."""
