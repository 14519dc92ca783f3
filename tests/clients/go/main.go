// Prints what the generated client gets: the digits by each operation, one a line.
package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"

	factorial "github.com/GIT_USER_ID/GIT_REPO_ID"
)

func must[T any](value T, _ any, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func main() {
	configuration := factorial.NewConfiguration()
	configuration.Servers = factorial.ServerConfigurations{{URL: os.Args[1]}}
	client, ctx := factorial.NewAPIClient(configuration), context.Background()
	for _, argument := range os.Args[2:] {
		n, _ := strconv.ParseInt(argument, 10, 64)
		result := must(client.FactorialAPI.GetFactorial(ctx).Number(n).Execute())
		summary := must(client.FactorialAPI.GetFactorialSummary(ctx).Number(n).Execute())
		text := must(client.FactorialAPI.GetFactorialText(ctx).Number(n).Execute())
		fmt.Println(result.Factorial)
		fmt.Println(strings.TrimSpace(text))
		fmt.Println(summary.Digits, summary.Scientific)
	}
}
