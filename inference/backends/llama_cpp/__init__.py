"""Chat models in GGUF files, run in this process by llama.cpp.

`backend` and `sizing` are light; every other module here imports llama_cpp and is imported only by a load.
"""
