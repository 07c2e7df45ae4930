"""What is wrong with a reply although the server said 200: cut, empty, looping, refused, truncated, leaking."""

import re
from dataclasses import replace

from tinyllm.errors import BadReply
from tinyllm.errors.loops import looping
from tinyllm.errors.refusals import refused
from tinyllm.models import Ask, Reply

# Thoughts lead; the same words inside an answer are about them.
THOUGHT = re.compile(r"\s*(?:<(think|thinking|reasoning)>|\[(THINK)\])(.*?)(?:</\1>|\[/\2\]|\Z)", re.DOTALL)
LATE_THOUGHT = re.compile(
    r"\A(?:(?!<think|<reasoning|```).)*?</(?:think|thinking|reasoning)>[ \t]*(?:\n|\Z)", re.DOTALL
)
CHANNELS = re.compile(r"\A\s*(?:<\|start\|>\w*)?<\|channel\|>")
FINAL = re.compile(r"<\|channel\|>final<\|message\|>(.*?)(?:<\|(?:end|return)\|>|\Z)", re.DOTALL)

PER_TOKEN, PER_SIGN = 4.0, 1.5  # characters of a token, in words of letters and in other writing
SEEN = 0.6  # a server that read less than this part of the estimate has dropped something


def cleaned(reply: Reply) -> Reply:
    """The reply without thoughts that leaked into the answer."""
    text, thoughts = reply.text, []
    if CHANNELS.match(text):
        final = FINAL.search(text)
        thoughts.append(text[: final.start()] if final else text)
        text = final.group(1) if final else ""
    while found := THOUGHT.match(text):
        thoughts.append(found.group(3))
        text = text[found.end() :]
    if late := LATE_THOUGHT.match(text):
        thoughts.append(late.group(0).rsplit("</", 1)[0])
        text = text[late.end() :]
    if not thoughts:
        return reply
    kept = [reply.thinking, *(each.strip() for each in thoughts)]
    return replace(reply, text=text.strip(), thinking="\n".join(filter(None, kept)))


def examined(reply: Reply, ask: Ask, num_ctx: int) -> Reply:
    """The reply, when it is one."""
    if not reply.done_reason:
        raise BadReply(f"the reply of {reply.model} broke off before its end", code="INCOMPLETE_STREAM")
    if truncated(reply, estimate(ask), num_ctx):
        raise BadReply(
            f"{reply.model} saw only a part of the question: it does not fit into {num_ctx} tokens",
            hint="shorten it, or raise num_ctx",
            code="CONTEXT_OVERFLOW",
        )
    spoken = cleaned(reply)
    if looping(spoken.text):
        raise BadReply(f"{reply.model} repeats itself", code="OUTPUT_REPETITION")
    if spoken.tool_calls:
        return spoken
    if reply.done_reason == "length":
        raise BadReply(
            f"the reply of {reply.model} was cut off at the length limit",
            hint="raise num_predict or num_ctx, or ask for less",
            code="OUTPUT_TRUNCATED",
        )
    if not spoken.text.strip():
        thought = "only thought, and said nothing" if spoken.thinking else "said nothing"
        raise BadReply(
            f"{reply.model} {thought}", code="OUTPUT_THINKING" if spoken.thinking else "OUTPUT_EMPTY"
        )
    if refused(spoken.text):
        raise BadReply(
            f"{reply.model} declined: {spoken.text.strip()[:120]}",
            hint="ask another model, or ask differently",
            code="OUTPUT_REFUSED",
            retry="fallback_model",
        )
    return spoken


def estimate(ask: Ask) -> float:
    """The tokens of a request, roughly."""
    return sum(_tokens(str(message.get("content", ""))) for message in ask.messages)


def _tokens(text: str) -> float:
    if text.isascii():
        return len(text) / PER_TOKEN
    foreign = sum(1 for sign in text if ord(sign) > 0x2E80)
    return (len(text) - foreign) / PER_TOKEN + foreign / PER_SIGN


def truncated(reply: Reply, estimated: float, num_ctx: int) -> bool:
    """The server drops the oldest messages silently; the count of what it read gives it away."""
    if not reply.tokens_in or not num_ctx:
        return False
    full = reply.tokens_in >= num_ctx - 1
    return full or (estimated > num_ctx and reply.tokens_in < estimated * SEEN)
