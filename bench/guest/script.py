"""script.py - what Python programs do: dictionaries, strings, lists, sorting, classes, generators, recursion."""


class Vector:
    def __init__(self, x, y):
        self.x, self.y = x, y

    def __add__(self, other):
        return Vector(self.x + other.x, self.y + other.y)


def primes(limit):
    sieve = bytearray([1]) * limit
    for i in range(2, limit):
        if sieve[i]:
            yield i
            sieve[i * i::i] = bytes(len(range(i * i, limit, i)))


def queens(n, row=0, columns=0, left=0, right=0):
    if row == n:
        return 1
    total = 0
    for column in range(n):
        bit, a, b = 1 << column, 1 << (row + column), 1 << (row - column + n)
        if not (columns & bit or left & a or right & b):
            total += queens(n, row + 1, columns | bit, left | a, right | b)
    return total


def main():
    words = ("%d:%s" % (i * 7919 % 1000, "x" * (i % 7)) for i in range(20000))
    counts = {}
    for word in words:
        counts[word] = counts.get(word, 0) + 1
    total = Vector(0, 0)
    for i in range(20000):
        total = total + Vector(i, i * 0.5)
    text = ",".join(sorted(counts, key=counts.get))
    result = (len(counts), sum(primes(20000)), queens(6), total.x, total.y, len(text.split(",")), hash(tuple(sorted(map(len, text.split(","))))))
    assert result[:6] == (7000, 21171191, 4, 199990000, 99995000.0, 7000), result


main()
