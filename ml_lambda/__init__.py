"""Everything that learns: a deployable of its own (one image, one function per handler). See README.md."""
