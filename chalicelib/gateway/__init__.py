"""What every HTTP route goes through: see README.md."""
