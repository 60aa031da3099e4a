"""The handlers of the image, and the services behind them."""
