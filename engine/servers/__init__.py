"""OpenAI-compatible servers, whoever asks them: the connection to one, and several of them that
answer the same requests. Knows no policy, no reward model and no run.
"""
