"""Python in the page: exercises that are written and checked where they are read."""
