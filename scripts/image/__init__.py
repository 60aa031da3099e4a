"""What `make image-test` is made of (docs/image.md)."""
