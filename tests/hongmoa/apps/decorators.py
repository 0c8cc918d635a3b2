# An app folder may have hongmoa's own modules in it: this one must not run.
raise RuntimeError('this is not the decorator that counts')
