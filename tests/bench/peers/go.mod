module factorial

go 1.19
