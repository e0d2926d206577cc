"""What a model is shown: prompt templates, and the form in which a service takes them."""
