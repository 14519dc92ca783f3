"""The clients that docs/clients.md shows, made into whole programs: a program is given the server's address
and a number as its arguments, and prints the digits."""

import re

from httpd import SOURCE

# What surrounds the recipe in a whole program: before it and behind it.
AROUND = {
    "sh": ("base=$1 n=$2\n", ""),
    "js": ("const [base, n] = process.argv.slice(2);\n", "console.log(String(value));\n"),
    "python": ("import sys\nbase, n = sys.argv[1:]\n", "print(value)\n"),
    "php": ("<?php [, $base, $n] = $argv;\n", "echo gmp_strval($value);\n"),
    "ruby": ("base, n = ARGV\n", "puts value\n"),
    "r": (
        "given <- commandArgs(TRUE)\nbase <- given[1]\nn <- given[2]\n",
        'cat(as.character(value), "\\n", sep = "")\n',
    ),
    "ts": (
        "const [base, n] = [process.argv[2], Number(process.argv[3])];\n",
        "console.log(String(value));\n",
    ),
    "java": (
        """import java.io.IOException;
import java.math.BigInteger;
import java.net.URI;
import java.net.http.*;
import java.net.http.HttpResponse.BodyHandlers;

class Recipe {
    public static void main(String[] given) throws Exception {
        String base = given[0], n = given[1];
""",
        "System.out.println(value);\n}\n}\n",
    ),
    "go": (
        """package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"os"
	"strconv"
)

func factorial(base string, n int) (*big.Int, error) {
""",
        """return value, nil
}

func main() {
	n, _ := strconv.Atoi(os.Args[2])
	value, err := factorial(os.Args[1], n)
	if err != nil {
		panic(err)
	}
	fmt.Println(value)
}
""",
    ),
    "rust": (
        """fn main() -> Result<(), Box<dyn std::error::Error>> {
let given: Vec<String> = std::env::args().collect();
let (base, n) = (&given[1], &given[2]);
""",
        'println!("{value}");\nOk(())\n}\n',
    ),
}


def program(language: str) -> str:
    """The recipe in that language, by the name of its code block, as a whole program."""
    page = (SOURCE / "docs/clients.md").read_text()
    found = re.search(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert found, language
    before, behind = AROUND[language]
    return before + found[1] + behind
