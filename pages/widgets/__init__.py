"""What a person sets: model, input, baseline, method, options."""
