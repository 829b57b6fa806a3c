"""The web page: layout, handlers, sessions, limits and plots. Everything about robots is in `omniactor`."""
