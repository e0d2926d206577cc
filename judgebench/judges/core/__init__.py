"""The contract of a judge method, judges that are declared in a config, and how parts are made of configs."""
