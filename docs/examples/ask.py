"""Asks one question and prints the answer as it is written: python ask.py "What is a monad?"

Needs `pip install anthropic`; ANTHROPIC_BASE_URL is the gateway, ANTHROPIC_API_KEY a key where it has some.
"""

import os
import sys

from anthropic import Anthropic

client = Anthropic(
    base_url=os.environ.get("ANTHROPIC_BASE_URL", "http://localhost:8000"),
    api_key=os.environ.get("ANTHROPIC_API_KEY", "local"),
    timeout=1800,
)
with client.messages.stream(
    model=os.environ.get("ANTHROPIC_MODEL", "qwen3-coder"),
    max_tokens=1024,
    messages=[{"role": "user", "content": sys.argv[1]}],
) as stream:
    for text in stream.text_stream:
        print(text, end="", flush=True)
print()
