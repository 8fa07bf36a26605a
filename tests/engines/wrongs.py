"""More of what servers have done wrong: whole replies and answers, by name, as bytes.

`replies` are (status, headers, body) of HTTP, `TEXTS` what a model has said, `RAW` the bytes of
replies that are no HTTP, or end where they must not.
"""

import gzip
import json
from email.utils import formatdate

GOOD = '{"company":"crumb"}'
"""What the model should have said."""

ELSEWHERE = "Halcyon Quarries"
"""An employer that no page of the tests names."""

TEXTS = {
    "fenced": f"```json\n{GOOD}\n```",
    "thought": f'<think>Let me see {{ who "hires" }}.</think>\n{GOOD}',
    "thought_open": "<think>Let me see who hires, and then",
    "words_around": f"Here is the answer:\n{GOOD}\nI hope that this helps!",
    "bom_inside": f"\ufeff{GOOD}",
    "list_not_object": f"[{GOOD}]",
    "wrong_kind": '{"company":5}',
    "wrong_shape": '{"company":{"name":["crumb"]}}',
    "other_schema": '{"employer":"crumb","salary":{"from":1}}',
    "not_on_page": json.dumps({"company": ELSEWHERE}),
    "empty_object": "{}",
    "null_value": '{"company":null}',
    "inner_surrogate": '{"company":"\\ud800"}',
    "surrogate_name": '{"company":"crumb","\\ud800":1}',
    "nul_name": '{"company":"crumb","a\\u0000b":1}',
    "inner_nan": '{"company":NaN}',
    "inner_twice": '{"company":"crumb","company":"Halcyon Quarries"}',
    "inner_deep": '{"company":' + "[" * 50_000 + "]" * 50_000 + "}",
    "inner_digits": '{"company":' + "9" * 50_000 + "}",
    "inner_float": '{"company":1e999}',
    "cut_but_stop": '{"company":"cru',
    "prompt_echoed": "You read job postings. Answer in JSON: {",
    "two_objects": f"{GOOD}\n{GOOD}",
    "single_quotes": "{'company': 'crumb'}",
    "comments": '{"company": /* the baker */ "crumb",}',
    "control_signs": '{"company":"cr\numb"}',
    "only_spaces": " \n" * 5_000,
    "markdown": "* **company**: crumb",
    "xml": "<company>crumb</company>",
    "two_million": json.dumps({"company": "crumb " * 350_000}),
    "million_members": json.dumps({f"k{n}": n for n in range(60_000)}),
}
"""Answers that ended by themselves (``stop``), as a server wraps them in a completion."""

CUT = {
    "spaces_loop": "{" + "\n " * 4_000,
    "words_loop": '{"company":"' + "crumb crumb " * 700,
    "list_loop": '{"company":"crumb","places":[' + '"Bath",' * 1_000,
    "number_loop": '{"company":' + "1" * 8_000,
    "braces_loop": '{"company":{"a":' * 1_000,
    "cut_off": '{"company":"crumb","benefits":[[1,',
}
"""Answers that went on until their budget of tokens was used up (``length``)."""

USAGES = {
    "usage_missing": None,
    "usage_empty": {},
    "usage_negative": {"prompt_tokens": -5, "completion_tokens": -9},
    "usage_absurd": {"prompt_tokens": 10**15, "completion_tokens": 10**15},
    "usage_words": {"prompt_tokens": "many", "completion_tokens": [1]},
    "usage_zero": {"prompt_tokens": 0, "completion_tokens": 0},
}
"""What a server says that a good answer took."""

WAITS = {
    "429_garbage": {"retry-after": "soon, or in a while"},
    "429_negative": {"retry-after": "-7"},
    "429_endless": {"retry-after": "1e300"},
    "429_digits": {"retry-after": "9" * 300},
    "429_centuries": {"retry-after": "99999999999"},
    "429_nan": {"retry-after": "nan"},
    "429_past": {"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"},
    "429_odd_date": {"retry-after": "Fri, 31 Dec 99999 23:59:59 GMT"},
    "429_far_date": {"retry-after": "Fri, 31 Dec 9999 23:59:59 -2359"},
    "429_half": {"retry-after": "0.5"},
    "429_121": {"retry-after": "121"},
    "429_ms_garbage": {"retry-after-ms": "x", "retry-after": "0.3"},
    "503_9999": {"retry-after": "9999"},
}
"""Replies that ask to be left alone, in ways that servers have found for that."""

FIELDS = {
    "content_parts": {"content": [{"type": "text", "text": GOOD}]},
    "content_number": {"content": 7},
    "tool_calls": {"content": None, "tool_calls": [{"function": {"arguments": GOOD}}]},
    "only_reasoning": {"content": None, "reasoning_content": GOOD},
}
"""Messages in which the answer does not stand where it should."""

RAW = {
    "no_http": b"220 mail.example ESMTP\r\n",
    "no_status": b"HTTP/1.1 OK\r\ncontent-length: 2\r\n\r\n{}",
    "http_09": b'{"choices": []}',
    "bad_chunk": b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
    b"transfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    "two_lengths": b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
    b"content-length: 2\r\ncontent-length: 3\r\n\r\n{}",
    "silent_close": b"",
    "cut_in_headers": b"HTTP/1.1 200 OK\r\ncontent-ty",
    "endless_headers": b"HTTP/1.1 200 OK\r\n" + b"x-filler: 0123456789abcdef\r\n" * 40_000,
    "endless_header": b"HTTP/1.1 200 OK\r\nx-filler: " + b"a" * 1_000_000,
    "null_in_header": b"HTTP/1.1 200 OK\r\nx-a: b\0c\r\ncontent-length: 2\r\n\r\n{}",
}
"""What comes instead of a reply, after which the connection ends."""


def replies(completion):
    """Whole replies by name; ``completion`` makes the body of a good one."""
    typed = {"content-type": "application/json"}
    good = completion(GOOD)
    body = json.dumps(good)
    found = {name: (int(name[:3]), typed | said, "{}") for name, said in WAITS.items()}
    for texts, finish in ((TEXTS, "stop"), (CUT, "length")):
        for name, text in texts.items():
            found[name] = 200, typed, json.dumps(completion(text, finish))
    for name, said in USAGES.items():
        found[name] = 200, typed, json.dumps(good | {"usage": said})
    for name, message in FIELDS.items():
        choice = good["choices"][0] | {"message": {"role": "assistant"} | message}
        found[name] = 200, typed, json.dumps(good | {"choices": [choice]})
    bomb = gzip.compress(b" " * 50_000_000, 9)
    choice = good["choices"][0]
    endless = choice | {"finish_reason": None}
    return found | {
        "gzip_bomb": (200, typed | {"content-encoding": "gzip"}, bomb),
        "gzip_unsaid": (200, typed, gzip.compress(body.encode())),
        "ten_megabytes": (200, typed, body[:-1] + ', "pad": "' + "x" * 9_990_000 + '"}'),
        "just_too_large": (200, typed, body[:-1] + ', "pad": "' + "x" * 10_000_001 + '"}'),
        "utf_16": (200, typed, body.encode("utf-16")),
        "latin_1": (200, typed, body.replace("crumb", "crümb").encode("latin-1")),
        "body_bom": (200, typed, b"\xef\xbb\xbf" + body.encode()),
        "two_bodies": (200, typed, body + body),
        "longer_than_said": (200, typed | {"content-length": str(len(body) - 9)}, body),
        "sse_unasked": (200, {"content-type": "text/event-stream"}, f"data: {body}\n\n"),
        "untyped": (200, {}, body),
        "finish_null": (200, typed, json.dumps(good | {"choices": [endless]})),
        "choice_null": (200, typed, json.dumps(good | {"choices": [None]})),
        "choices_object": (200, typed, json.dumps(good | {"choices": {"0": choice}})),
        "message_null": (200, typed, json.dumps(good | {"choices": [choice | {"message": None}]})),
        "other_model": (200, typed, json.dumps(good | {"model": "another-model"})),
        "model_number": (200, typed, json.dumps(good | {"model": 7})),
        "error_words": (500, typed, json.dumps({"error": "\ud800\0" + "x" * 100_000})),
        "error_deep": (500, typed, "[" * 100_000),
        "429_date_850": (
            429, typed | {"retry-after": "Sunday, 06-Nov-94 08:49:37 GMT"}, "{}",
        ),
        "429_quota_day": (
            429, typed | {"retry-after": "3600"},
            json.dumps({"error": {"message": "You exceeded your current quota", "code": "x"}}),
        ),
        "403_quota": (
            403, typed, json.dumps({"error": {"message": "billing is not active", "code": "b"}}),
        ),
        "503_date": (503, typed | {"retry-after": formatdate(0, usegmt=True)}, "{}"),
    }  # fmt: skip
