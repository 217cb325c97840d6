"""Say in plain words what pydantic has to say about a value."""

# The start of pydantic's message about a value -> the whole message in plain words.
_KINDS = {
    "Input should be a valid boolean": "expected true or false",
    "Input should be a valid dictionary": "expected a table",
    "Input should be a valid integer": "expected a whole number",
    "Input should be a valid list": "expected a list",
    "Input should be a valid number": "expected a number",
    "Input should be a valid string": "expected a text",
    "Unexpected keyword argument": "is no known key",
}
# The start of a message -> the words in its place.
_STARTS = {
    "Input should be greater": "expected a number greater",
    "Input should be less": "expected a number less",
    "Input should be ": "expected ",
    "String should have ": "expected a text with ",
    "Value error, ": "",
}


def plain(message: str) -> str:
    """Return pydantic's message about a value in the words of a user.

    For example, "Input should be a valid integer, unable to parse string as an integer"
    becomes "expected a whole number".
    """
    for start, words in _KINDS.items():
        if message.startswith(start):
            return words
    for start, words in _STARTS.items():
        if message.startswith(start):
            return words + message.removeprefix(start)
    return message
