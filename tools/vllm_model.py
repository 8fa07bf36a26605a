"""Make a tiny model for tests: random weights in Qwen3's shape, with the real Qwen vocabulary.

Run by `make vllm-cpu` in vLLM's own environment: ``python tools/vllm_model.py RANKS FOLDER``.
RANKS is the vocabulary as tiktoken reads it (``qwen.tiktoken``, or that packed with xz). The order
of merges, which ``tokenizer.json`` needs, is recovered from the ranks: the two parts of a token are
what its bytes had become just before its own rank was reached. Before anything is written,
encodings are compared with tiktoken's.
"""

from __future__ import annotations

import base64
import itertools
import lzma
import random
import shutil
import sys
from pathlib import Path

import tiktoken
import torch
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers
from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM

ROOT = Path(__file__).resolve().parent.parent
SEED = 20_000
ROWS = 151_936  # of the embedding: Qwen3 rounds its vocabulary up to this

# Qwen3's published tokenizer: how text is split before merging; added tokens from 151643 on.
SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
SPECIAL = """<|endoftext|> <|im_start|> <|im_end|> <|object_ref_start|> <|object_ref_end|>
    <|box_start|> <|box_end|> <|quad_start|> <|quad_end|> <|vision_start|> <|vision_end|>
    <|vision_pad|> <|image_pad|> <|video_pad|>""".split()
ADDED = """<tool_call> </tool_call> <|fim_prefix|> <|fim_middle|> <|fim_suffix|> <|fim_pad|>
    <|repo_name|> <|file_sep|> <tool_response> </tool_response> <think> </think>""".split()
TEMPLATE = (
    "{%- for message in messages %}"
    "{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}"
    "{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}"
)


def read_ranks(path: Path) -> dict[bytes, int]:
    """Token to rank: one per line, in base 64."""
    body = path.read_bytes()
    if path.suffix == ".xz":
        body = lzma.decompress(body)
    pairs = (line.split() for line in body.splitlines() if line)
    return {base64.b64decode(token): int(rank) for token, rank in pairs}


def parts(token: bytes, ranks: dict[bytes, int]) -> list[bytes]:
    """What the bytes of ``token`` become when all merges below its own rank are done."""
    pieces = [bytes([one]) for one in token]
    while len(pieces) > 2:
        pairs = [ranks.get(a + b, ROWS) for a, b in itertools.pairwise(pieces)]
        best = min(pairs)
        if best >= ranks[token]:
            break
        at = pairs.index(best)
        pieces[at : at + 2] = [pieces[at] + pieces[at + 1]]
    return pieces


def byte_letters() -> list[str]:
    """The printable character that stands for each byte in GPT-2's spelling of tokens."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = iter(range(256, 512))
    return [chr(one if one in plain else next(others)) for one in range(256)]


def make_tokenizer(ranks: dict[bytes, int]) -> Tokenizer:
    """The same vocabulary for the ``tokenizers`` library."""
    letters = byte_letters()

    def spell(token: bytes) -> str:
        return "".join(letters[one] for one in token)

    merges = []
    for token in sorted(ranks, key=ranks.__getitem__):
        if len(token) > 1:
            left, right = parts(token, ranks)
            merges.append((spell(left), spell(right)))
    vocabulary = {spell(token): rank for token, rank in ranks.items()}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(SPLIT), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_tokens([AddedToken(one, normalized=False, special=True) for one in SPECIAL])
    tokenizer.add_tokens([AddedToken(one, normalized=False, special=False) for one in ADDED])
    return tokenizer


def sample_texts() -> list[str]:
    """Some hundreds of texts: our own pages line by line, hard characters, special tokens."""
    texts = [
        "", " ", "\r\n\r\n  x", "I'LL we've 1234567890 €85k–90k", "e\u0301 e\u0308 \u1e0d\u0323",
        "👩‍💻🏳️‍🌈 🇩🇪 1️⃣", "数据工程师，年薪30万元。日本語の求人です。", "مهندس بيانات  عن بُعد",
        "a\u2028b\u2029c\u00a0d\u200be",
        "<|im_start|>user\nHello<|im_end|>\n<think>\n\n</think>", "<|endoftext|>" * 3, "<|im_end|",
    ]  # fmt: skip
    for path in filter(Path.is_file, sorted((ROOT / "examples").iterdir())):
        texts += path.read_text("utf-8").splitlines()[:120]
    letters = "".join(texts) + "\t\n\r\\\"'🙂ßẞİıſﬁ\u00ad\ufeff\U0001f9d1"
    chance = random.Random(SEED)
    texts += ["".join(chance.choices(letters, k=chance.randrange(1, 200))) for _ in range(300)]
    return texts


def compare(tokenizer: Tokenizer, ranks: dict[bytes, int]) -> int:
    """How many texts were compared with tiktoken; raises `SystemExit` at the first difference."""
    special = {one: len(ranks) + at for at, one in enumerate([*SPECIAL, *ADDED])}
    peer = tiktoken.Encoding("qwen", pat_str=SPLIT, mergeable_ranks=ranks, special_tokens=special)
    texts = sample_texts()
    for text in texts:
        # Text is put in NFC first by one of the two, so both get it so.
        text = normalizers.NFC().normalize_str(text)
        ours = tokenizer.encode(text).ids
        if ours != peer.encode(text, allowed_special="all"):
            raise SystemExit(f"tokenizer.json and tiktoken differ on {text!r}")
        if tokenizer.decode(ours, skip_special_tokens=False) != text:
            raise SystemExit(f"tokenizer.json does not give back {text!r}")
    return len(texts)


def make_model() -> Qwen3ForCausalLM:
    """41 million random weights, the same at every making."""
    torch.manual_seed(SEED)
    config = Qwen3Config(
        vocab_size=ROWS,
        hidden_size=256,
        intermediate_size=768,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=64,
        max_position_embeddings=32_768,
        tie_word_embeddings=True,
        bos_token_id=151_643,
        eos_token_id=151_645,
        pad_token_id=151_643,
    )
    config.dtype = torch.bfloat16
    return Qwen3ForCausalLM(config).to(torch.bfloat16)


def main(arguments: list[str]) -> None:
    """Write the model to the folder named second."""
    ranks_path, folder = (Path(one) for one in arguments)
    ranks = read_ranks(ranks_path)
    tokenizer = make_tokenizer(ranks)
    count = compare(tokenizer, ranks)
    shutil.rmtree(folder, ignore_errors=True)
    whole = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        chat_template=TEMPLATE,
        clean_up_tokenization_spaces=False,
        model_max_length=32_768,
    )
    model = make_model()
    model.save_pretrained(folder)
    whole.save_pretrained(folder)
    weights = sum(one.numel() for one in model.parameters())
    print(f"{folder}: {weights / 1e6:.0f} M random weights, {len(ranks)} tokens; {count} texts")
    print("encoded as tiktoken encodes them")


if __name__ == "__main__":
    main(sys.argv[1:])
