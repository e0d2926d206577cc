"""Why a judge errs: what it does not know, whom it treats otherwise, who talks it round."""
