"""How the book is made: notebooks run and cleaned, pages built, a browser found."""
