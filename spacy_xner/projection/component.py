def make_projector(nlp, name):
    raise NotImplementedError
