"""The experiments, most of them a chapter's: each module gives its `TRIALS`."""
