"""What apps get instead of a cookie: a short access token and a rotating refresh token."""
