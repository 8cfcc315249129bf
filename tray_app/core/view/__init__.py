"""Every sentence the user sees, made from values with a Translator."""
