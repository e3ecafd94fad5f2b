"""Takes and gives records in the words of spreadsheets and laboratories."""
