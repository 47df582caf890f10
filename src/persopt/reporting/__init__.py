"""What every report stands on: the page's frame, the messages, numbers and dates of a language, figures."""
