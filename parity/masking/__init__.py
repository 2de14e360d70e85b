"""What nobody is to read: values of config vars are replaced before anything is shown."""
