"""ImageNet classifiers whose weights come as a package, and photos to try them on."""
