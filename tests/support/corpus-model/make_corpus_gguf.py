#!/usr/bin/env python3
"""Writes a GGUF of a one-layer llama that recites the tool-call corpus. No training: its weights are a table.

Each piece of an output is a token with a state of its own, and the output matrix leads from each to the next, then
to the end. One attention head lets a directive anywhere in the prompt (@@c000 ...) choose the output that follows
the assistant's beginning. Everything else is zero.

usage: make_corpus_gguf.py OUT.gguf
"""
import collections, json, pathlib, re, sys
import gguf
import numpy as np

WIDTH, HEAD, HIDDEN, CONTEXT = 3072, 256, 32, 131_072
BEGIN, END = "<|im_start|>assistant\n", "<|im_end|>"
FIXTURES = pathlib.Path(__file__).parents[3] / "services/inference-adapter/src/tool-rescue/__fixtures__"


def read_scripts():
    scripts = {BEGIN: "Hello from the corpus model: no directive was found."}
    files = sorted(path for path in FIXTURES.glob("*.json") if path.name != "tools.json")
    cases = [case for path in files for case in json.loads(path.read_text())]
    for index, case in enumerate(cases):
        if case["output"]:
            scripts[f"@@c{index:03d}"] = case["output"]
    return scripts


def byte_names():
    """GPT-2's names of the 256 bytes."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in plain]
    return {**{byte: chr(byte) for byte in plain}, **{byte: chr(256 + n) for n, byte in enumerate(others)}}


NAMES = byte_names()
encode = lambda text: "".join(NAMES[byte] for byte in text.encode())


def train_merges(text, count):
    """Byte pair merges, so that a prompt has about as many tokens as with a real model."""
    words = collections.Counter(tuple(encode(word)) for word in re.findall(r" ?[A-Za-z]+| ?\d+| ?[^\sA-Za-z\d]+|\s+", text))
    merges = []
    while len(merges) < count:
        pairs = collections.Counter()
        for word, times in words.items():
            for pair in zip(word, word[1:]):
                pairs[pair] += times
        if not pairs:
            break
        best = max(pairs, key=lambda pair: (pairs[pair], pair))
        merges.append(best)
        words = collections.Counter({merge(word, best): times for word, times in words.items()})
    return merges


def merge(word, pair):
    merged, at = [], 0
    while at < len(word):
        is_pair = tuple(word[at : at + 2]) == pair
        merged.append(word[at] + word[at + 1] if is_pair else word[at])
        at += 2 if is_pair else 1
    return tuple(merged)


class Vocabulary:
    def __init__(self):
        self.tokens, self.types, self.ids, self.states = [], [], {}, {}

    def add(self, token, kind=gguf.TokenType.NORMAL):
        if token not in self.ids:
            self.ids[token] = len(self.tokens)
            self.tokens.append(token)
            self.types.append(int(kind))
        return self.ids[token]

    def state(self, token):
        """State 0 is any token that is in no script."""
        return self.states.setdefault(token, len(self.states) + 1)

    def is_used(self, text):
        return self.ids.get(encode(text)) in self.states


def split(text, size, vocabulary):
    """Pieces that no other script has, or None."""
    pieces, current = [], ""
    is_used = lambda piece: piece in pieces or vocabulary.is_used(piece)
    for atom in re.findall(rf".{{1,{size}}}", text, re.S):
        current += atom
        if not is_used(current):
            pieces.append(current)
            current = ""
    while current:
        if not pieces:
            return None
        current = pieces.pop() + current
        if not is_used(current):
            pieces.append(current)
            current = ""
    return pieces


def build(scripts, merges):
    vocabulary = Vocabulary()
    control, user = gguf.TokenType.CONTROL, gguf.TokenType.USER_DEFINED
    bos, end = vocabulary.add("<|bos|>", control), vocabulary.add(END, control)
    for name in scripts:
        vocabulary.add(name, control if name == BEGIN else user)
    vocabulary.add("<|im_start|>", control)
    for byte in range(256):
        vocabulary.add(NAMES[byte])
    for first, second in merges:
        vocabulary.add(first + second)
    vocabulary.state(bos)
    for name in scripts:
        vocabulary.state(vocabulary.ids[name])
    following = {}
    for name, text in scripts.items():
        sizes = (10, 11, 9, 7, 8, 13, 5, 6, 4, 3, 17, 23, 1, 2)
        pieces = next(filter(None, (split(text, size, vocabulary) for size in sizes)))
        state = vocabulary.states[vocabulary.ids[name]]
        for piece in pieces:
            token = vocabulary.add(encode(piece))
            following[state] = token
            state = vocabulary.state(token)
        following[state] = end
    following[0] = following[vocabulary.states[bos]] = following[vocabulary.states[vocabulary.ids[BEGIN]]]
    return vocabulary, following, bos, end


def write(path, scripts):
    merges = train_merges((FIXTURES / "tools.json").read_text() + "\n".join(scripts.values()), 500)
    vocabulary, following, bos, end = build(scripts, merges)
    size, directives = len(vocabulary.tokens), [name for name in scripts if name != BEGIN]
    assert len(vocabulary.states) < WIDTH and len(directives) <= HEAD - 4
    zeros = lambda *shape: np.zeros(shape, np.float32)
    embedding, output = zeros(size, WIDTH), zeros(size, WIDTH)
    for token in range(size):
        embedding[token, vocabulary.states.get(token, 0)] = 1
    for state, token in following.items():
        output[token, state] = 1
    query, key, value, out = zeros(HEAD, WIDTH), zeros(HEAD, WIDTH), zeros(HEAD, WIDTH), zeros(WIDTH, HEAD)
    scale = np.sqrt(40 * np.sqrt(HEAD) / WIDTH)
    state_of = lambda name: vocabulary.states[vocabulary.ids[name]]
    # Everything looks at the first token, the assistant's beginning at the directive. The slowest rope pairs.
    query[HEAD - 3, :] = scale
    key[HEAD - 3, vocabulary.states[bos]] = scale
    query[HEAD - 1, state_of(BEGIN)] = 2 * scale
    for index, name in enumerate(directives):
        key[HEAD - 1, state_of(name)] = scale
        value[index, state_of(name)] = 1
        out[state_of(name), index] = 10 / np.sqrt(WIDTH)
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("corpus")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(1)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_head_count(1)
    writer.add_head_count_kv(1)
    writer.add_key_length(HEAD)
    writer.add_value_length(HEAD)
    writer.add_rope_dimension_count(HEAD)
    writer.add_rope_freq_base(1e9)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_vocab_size(size)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(vocabulary.tokens)
    writer.add_token_types(vocabulary.types)
    writer.add_token_merges([f"{first} {second}" for first, second in merges])
    writer.add_bos_token_id(bos)
    writer.add_eos_token_id(end)
    writer.add_pad_token_id(end)
    writer.add_add_bos_token(True)
    ones = np.ones(WIDTH, np.float32)
    for name, tensor in {
        "token_embd": embedding, "output_norm": ones, "output": output,
        "blk.0.attn_norm": ones, "blk.0.attn_q": query, "blk.0.attn_k": key, "blk.0.attn_v": value,
        "blk.0.attn_output": out, "blk.0.ffn_norm": ones, "blk.0.ffn_gate": zeros(HIDDEN, WIDTH),
        "blk.0.ffn_up": zeros(HIDDEN, WIDTH), "blk.0.ffn_down": zeros(WIDTH, HIDDEN),
    }.items():
        writer.add_tensor(f"{name}.weight", tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    write(sys.argv[1], read_scripts())
