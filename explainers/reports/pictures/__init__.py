"""Pictures of explanations as files: drawn without a browser, in the colours of the screen."""
