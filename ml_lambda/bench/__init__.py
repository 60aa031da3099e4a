"""How models word tips, on fixed contexts: `make bench-tips`. A developer's tool, left out of the image."""
