"""llama.cpp's own HTTP server, from the Python package xllamacpp: serve.py MODEL.gguf TEMPLATE.jinja WINDOW [PORT]

Prints `listening URL` when the model is loaded, and ends when its standard input is closed.
"""

import sys

import xllamacpp

model, template, window = sys.argv[1:4]
params = xllamacpp.CommonParams()
params.model.path = model
params.model_alias = {"tiny"}
params.n_ctx = int(window)
params.n_parallel = 1
params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
params.use_jinja = True
params.chat_template = open(template).read()
params.hostnames = ["127.0.0.1"]
params.port = int(sys.argv[4]) if len(sys.argv) > 4 else 0
server = xllamacpp.Server(params)
print("listening", server.listening_address, flush=True)
sys.stdin.read()
