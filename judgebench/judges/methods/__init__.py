"""Judge methods: how a judge model is asked."""
