"""What a comparison leaves for people: a page in each language, Markdown, a section for a model card, plots."""
