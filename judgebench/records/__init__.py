"""What flows through the pipeline, and the shapes of a run: records that do nothing."""
