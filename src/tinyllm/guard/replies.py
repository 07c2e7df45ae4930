"""What is wrong with a reply although the server said 200: cut, empty, looping, refused, truncated, leaking."""

import re
from dataclasses import replace

from tinyllm.errors import BadReply
from tinyllm.guard.loops import looping
from tinyllm.models import Reply

THOUGHT = re.compile(r"<(think|thinking|reasoning)>(.*?)(</\1>|\Z)", re.DOTALL | re.IGNORECASE)
LATE_THOUGHT = re.compile(r"\A.*?</(?:think|thinking|reasoning)>", re.DOTALL | re.IGNORECASE)
REFUSALS = re.compile(
    r"\A\W*(?:i['’]?m sorry|i am sorry|sorry|i apologi[sz]e|unfortunately)?[\s,.!—-]*(?:but )?"
    r"(?:as an? (?:ai|artificial|language|large)[^.]{0,60}?[,.]?\s*)?"
    r"i(?:['’]m| am)? (?:cannot|can['’]?t|can not|won['’]?t|will not|unable|not able|not allowed|not comfortable)"
    r"[^.\n]{0,30}?(?:help|assist|answer|provide|comply|fulfil|discuss|do that|support|engage|create|write|with that)",
    re.IGNORECASE,
)
SHORT = 600  # characters: a longer text that begins with a refusal goes on to something
PER_TOKEN = 4  # characters of a token, as a rule of thumb


def cleaned(reply: Reply) -> Reply:
    """The reply without thoughts that leaked into the answer."""
    if "<" not in reply.text or not re.search(r"</?(?:think|thinking|reasoning)>", reply.text, re.IGNORECASE):
        return reply
    thoughts = [match.group(2).strip() for match in THOUGHT.finditer(reply.text)]
    text = THOUGHT.sub("", reply.text)
    text = LATE_THOUGHT.sub("", text) if "</" in text else text
    return replace(reply, text=text.strip(), thinking="\n".join([reply.thinking, *thoughts]).strip())


def examined(reply: Reply, asked: int, num_ctx: int) -> Reply:
    """The reply, when it is one; `asked` is the length of the request in characters."""
    if not reply.done_reason:
        raise BadReply(f"the reply of {reply.model} broke off before its end", code="INCOMPLETE_STREAM")
    if truncated(reply, asked, num_ctx):
        raise BadReply(
            f"{reply.model} saw only the end of the question: it does not fit into {num_ctx} tokens",
            hint="shorten it, or raise num_ctx",
            code="CONTEXT_OVERFLOW",
        )
    reply = cleaned(reply)
    if looping(reply.text):
        raise BadReply(f"{reply.model} repeats itself", code="OUTPUT_REPETITION")
    if reply.tool_calls:
        return reply
    if not reply.text.strip():
        raise BadReply(f"{reply.model} said nothing", code="OUTPUT_EMPTY")
    if refused(reply.text):
        raise BadReply(
            f"{reply.model} declined: {reply.text.strip()[:120]}", code="REFUSAL", retry="fallback_model"
        )
    return reply


def truncated(reply: Reply, asked: int, num_ctx: int) -> bool:
    """The server drops the oldest messages silently; the count of what it read gives it away."""
    if not reply.tokens_in or not num_ctx:
        return False
    full = reply.tokens_in >= num_ctx - 1
    return full or (asked / PER_TOKEN > num_ctx and reply.tokens_in < asked / (PER_TOKEN * 2))


def refused(text: str) -> bool:
    return len(text) < SHORT and REFUSALS.match(text.strip()) is not None
