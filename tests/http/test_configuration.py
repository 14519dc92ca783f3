"""Which configurations `httpd -t` takes, and what it says of those that it refuses. The range of each
directive is tests/unit/module/test_directives.c's."""

import pytest
from httpd import refusal

ON = "Factorial On\n"


@pytest.mark.parametrize(
    "lines",
    [
        "",
        f'<Location "/n">\n{ON}</Location>',
        '<Location "/n">\nFactorial Off\n</Location>',
        f'<LocationMatch "^/n$">\n{ON}</LocationMatch>',
        f'<VirtualHost *>\n<Location "/n">\n{ON}FactorialMaxNumber 5\n</Location>\n</VirtualHost>',
    ],
)
def test_these_are_accepted(lines: str) -> None:
    assert refusal(lines) == ""


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (ON, "Factorial belongs in a <Location> section"),
        ('<Location "/n">\nFactorial maybe\n</Location>', "Factorial must be On or Off"),
        (f'<Directory "/">\n{ON}</Directory>', "Factorial cannot occur within"),
        (f'<Files "x">\n{ON}</Files>', "Factorial cannot occur within"),
        (f'<Location "/n">\n<If "true">\n{ON}</If>\n</Location>', "Factorial cannot occur within"),
        (
            '<Directory "/">\nFactorialMaxNumber 5\n</Directory>',
            "FactorialMaxNumber cannot occur within",
        ),
        ("FactorialMaxNumber", "FactorialMaxNumber takes one argument"),
        ('FactorialMaxNumber ""', "FactorialMaxNumber takes one argument"),
        (
            "FactorialMaxNumber 1e6",
            'FactorialMaxNumber takes a whole number from 0 to 100000000, not "1e6"',
        ),
    ],
)
def test_these_are_refused_with_the_reason(lines: str, message: str) -> None:
    assert message in refusal(lines)
