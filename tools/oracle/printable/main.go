// SPDX-License-Identifier: MIT

// Command printable prints the rows of src/wire/printable.def: the code points that strconv.Quote leaves as they are.
// `go run tools/oracle/printable/main.go`
package main

import (
	"fmt"
	"strconv"
	"unicode/utf8"
)

func main() {
	first, rows := rune(-1), 0
	for r := rune(0); r <= utf8.MaxRune+1; r++ {
		switch p := r <= utf8.MaxRune && strconv.IsPrint(r); {
		case p && first < 0:
			first = r
		case !p && first >= 0:
			sep := " "
			if rows%5 == 4 {
				sep = "\n"
			}
			fmt.Printf("RUN(0x%x, 0x%x)%s", first, r-1, sep)
			first = -1
			rows++
		}
	}
	fmt.Println()
}
