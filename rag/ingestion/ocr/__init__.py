"""Text recognition (OCR): engines that read words off a picture, and what becomes of the words."""
