"""What does the details page show? A document of finished sentences, with what each of its buttons stands for."""
