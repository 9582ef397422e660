"""Who answers elsewhere, whoever asks: OpenAI-compatible servers and the engines of a Ray cluster,
each of them several that answer the same requests. Knows no policy, no reward model and no run.
"""
