// The service as one would write it with Go's standard library: math/big, the contract's answers.
package main

import (
	"fmt"
	"io"
	"log"
	"math/big"
	"net/http"
	"os"
	"strconv"
	"strings"
)

const maximum = 10_000_000

func refuse(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	io.WriteString(w, text)
}

func factorial(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD, OPTIONS")
		refuse(w, http.StatusMethodNotAllowed, "Method not allowed: use GET, HEAD, OPTIONS")
		return
	}
	query := r.URL.Query()
	if !query.Has("number") {
		refuse(w, http.StatusBadRequest, "Please supply number parameter")
		return
	}
	number, err := strconv.ParseInt(strings.TrimSpace(query.Get("number")), 10, 64)
	if err != nil || number < 0 {
		refuse(w, http.StatusBadRequest, "Invalid value")
		return
	}
	if number > maximum {
		refuse(w, http.StatusBadRequest, fmt.Sprintf("Number too large: the maximum is %d", maximum))
		return
	}

	name, kind, before, after := "json", "application/json", `{"factorial":`, "}\n"
	if strings.HasPrefix(r.Header.Get("Accept"), "text/plain") {
		name, kind, before, after = "text", "text/plain; charset=utf-8", "", "\n"
	}
	tag := fmt.Sprintf(`"%d-%s-1"`, number, name)
	w.Header().Set("Vary", "Accept")
	w.Header().Set("ETag", tag)
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	digits := new(big.Int).MulRange(1, number).String()
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Length", strconv.Itoa(len(before)+len(digits)+len(after)))
	io.WriteString(w, before)
	io.WriteString(w, digits)
	io.WriteString(w, after)
}

func main() {
	http.HandleFunc("/api/v1/factorial", factorial)
	http.HandleFunc("/status", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "UP") })
	log.Fatal(http.ListenAndServe(os.Args[1], nil))
}
