"""Whether a participant has learned what the day asks: answers, receipts, numbers and PINs, and when it is told."""
