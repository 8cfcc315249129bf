"""The commands, one function each: options, a terminal and a language in, an exit code out."""
