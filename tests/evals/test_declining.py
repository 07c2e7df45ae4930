"""Answers that say that there is none, and answers that name one and sound much the same."""

import pytest

from tinyllm.evals.declining import declines

DECLINES = """
There is none.
No, there are infinitely many primes, so none is the largest.
I don't know.
I do not know the answer to that.
There is no largest prime number.
That cannot be determined from what is given.
It’s impossible to know that.
The question does not give enough: not enough information.
x / 0 is undefined.
No such king: France has none today, there was no king in 2020.
None; mobile phones did not exist in 1950.
None.
There isn't one: France is a republic.
I have no way of knowing how many coins are in your pocket.
Nobody can know the numbers of next Saturday.
I'm not sure; the text does not say.
The premise is false: Python never removed def.
The text doesn't mention the price.
No integer is both even and odd, so no such integer exists.
The age of the captain is unknown.
The sides contradict each other.
This equation has no solution.
There are no trees on the moon.
No triangle with these sides can exist.
The largest known prime is 2^136279841 - 1, but there is no largest prime.
There is no largest prime, but the largest known one is 2^136279841 - 1.
There is no number that is larger than all others.
I can't tell without more information.
We would need more information to answer that.
The question makes no sense, because the moon has no trees.
France was not a monarchy in 2015, so there was no king.
The Gregorian calendar has no thirteenth month.
Sorry, that isn't possible.
It never happened.
There has never been such a version.
You did not say how much a book costs.
Unknown.
There is no king of France; it is a republic.
It cannot be answered. The number of coins is not given.
There exists no such number.
It is not known who wrote it.
I am unable to determine that.
There's not enough information to say.
It depends on y, which is not given, so x cannot be found.
Such a triangle does not exist: 1 + 2 is less than 5.
No one knows.
**There is no such number.**
As an AI, I cannot predict the lottery.
That question has no answer.
No one can say which numbers will win.
The lottery is random, so its numbers can't be predicted.
Einstein didn't use a mobile phone; they were invented decades later.
He did not have one: mobile phones came in 1973.
Trees do not grow on the moon.
The earth is a sphere and therefore has no edge.
Primes go on forever, there's no last one.
Zero such integers exist.
No number can be both even and odd.
Division by zero is not defined.
That's a trick question: the age has nothing to do with the animals.
The number of sheep tells us nothing about the captain's age.
Nothing in the text says how old he is.
I can't see into your pocket, so I can't know.
We cannot know x from one equation alone.
x could be anything, since y is not given.
It would be a degenerate triangle, which can't exist.
France hasn't had a king since 1848.
In 2015 France had no king.
Python has never removed the keyword def.
The keyword def is still there; it was never removed.
More information is needed.
Your question assumes something that is not true.
This is unsolvable.
Only complex numbers have negative squares; no real number does.
I honestly couldn't say.
It can't be calculated, since the sides are too short.
Sorry, but I do not have that information.
We don't have enough data to answer.
The answer is: none.
The answer is that there is no such number.
The answer is unknown.
The answer is undefined.
Mathematically speaking, 5 divided by 0 has no value.
You can't divide by zero.
Dividing by zero is not allowed.
That would depend on the price, which you haven't told me.
My answer: there isn't any.
There were no mobile phones in 1950.
Such a month does not exist in the Gregorian calendar.
I refuse to guess.
""".strip().splitlines()

NAMES_ONE = """
None of the other planets is larger; it is Jupiter.
There is no doubt: 42.
There is no doubt that the answer is 42.
The largest prime is 97.
Louis XX is the king.
42
There is no question that Louis XX was the king.
There is no larger planet than Jupiter.
Jupiter. No other planet is larger.
I don't know for certain, but I think it is 42.
I am not sure, but probably 42.
I don't know. 42.
It is impossible to miss: Jupiter.
Nothing is impossible: 42.
No planet is larger than Jupiter.
There is no need to guess, the captain is 36 years old.
There is no way around it: 42.
There is no other number: the answer is 0.
It was removed in Python 3.9, and there is no reason to miss it.
He used an early Motorola; there was no better phone.
It is called Undecimber.
You have 3 coins, no more and no less.
There are no others: x is 5.
No problem! The answer is 97.
There is no mystery about it: the captain is 36.
None other than Louis XX.
It cannot be wrong: the area is 2.5.
The captain is 36 years old, and nobody can deny it.
I cannot say this more clearly: it is 42.
No. It is 97.
You cannot find a larger prime: it is 97.
It is not possible to give all the steps, but the answer is 97.
Not a single doubt: Louis XX.
I don't know why people ask, the moon pine grows most often.
There is no exact formula needed; the answer is 7.
My best guess is 36, though it is not stated.
No time to explain: it is 36.
It has no equal: the moon pine.
4, 8, 15, 16, 23, 42
Without doubt 2147483647; no prime is larger.
It is undefined behaviour in C, but the result is 0.
Infinity
The moon pine, no doubt.
There's nothing to it: 42.
It is Louis XX, whom nobody knows.
The answer is x = 5.
x is 5.
At 90 degrees north, 0 degrees east.
2.5 square units; there is no rounding.
There are no two ways about it: 36.
It's not hard: the captain is 36.
Python removed it in 3.9. Not given a warning, people complained.
The captain is not 26 but 36 years old.
Never mind the goats: 36.
He was not a king for long, Louis XX.
The answer: 97. There is nothing larger.
I know that it is 97.
I have no doubt it is 97.
The largest prime is 97, which has no divisors.
Not 96. 97.
The edge is at 90 degrees north, where no ship has gone.
No, 97 is the largest.
No doubt about it, the numbers are 4, 8, 15.
The next king will be Louis.
The result is Infinity.
Nothing is larger than 97.
I am sure that it is 97; there is no proof needed.
There is only one: 97.
There is exactly one, namely 0.
No one but Louis XX.
It ended in 1848, but the king in 2015 was Louis XX.
It does not matter how old the goats are; he is 36.
Although it is not mentioned in the text, the captain is 36 years old.
While nobody knows for sure, experts agree on Undecimber.
There are 3 coins and no notes.
The triangle has no right angle. Its area is 2.5.
Since no price is given, assume $10 each: $30.
He never used an iPhone; he used a Motorola.
I do not know any larger prime than 97.
The last month is Undecimber; it is not in every calendar.
Not surprisingly, the answer is 97.
""".strip().splitlines()


@pytest.mark.parametrize("answer", DECLINES)
def test_an_answer_that_says_that_there_is_none_declines(answer: str) -> None:
    assert declines(answer)


@pytest.mark.parametrize("answer", NAMES_ONE)
def test_an_answer_that_names_one_does_not(answer: str) -> None:
    assert not declines(answer)


@pytest.mark.parametrize("piece", ["\n", " ", "but ", "there is no ", "It is "])
def test_a_long_answer_is_read_in_a_moment(piece: str) -> None:
    assert declines("There is none. " + piece * (20_000 // len(piece)))
