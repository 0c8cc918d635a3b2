package moa

import (
	"strconv"
	"strings"
)

// joiner is invisible; behind a mark it makes the mark plain text, says the contract.
const joiner = "\u2060"

var marks = strings.NewReplacer(
	"*", "*"+joiner, "_", "_"+joiner, "~", "~"+joiner, "`", "`"+joiner, "[", "["+joiner, "{", "{"+joiner,
)

// Plain makes foreign text plain: what would be markup or a mention in it is shown as it stands. Use it for names and
// other text that people chose, when it is put into a message.
func Plain(text string) string { return marks.Replace(text) }

// breaks are what would end a line of a table.
var breaks = strings.NewReplacer("\n", " ", "\r", " ", "\t", " ", "`", "`"+joiner)

// Table is a table in a code block, columns below each other. The first row is the heading; a column of numbers is
// aligned to the right. Cells may be foreign text, and rows of different lengths.
func Table(rows [][]string) string {
	count := 0
	for _, row := range rows {
		count = max(count, len(row))
	}
	cells := make([][]string, len(rows))
	for i, row := range rows {
		cells[i] = make([]string, count)
		for at, cell := range row {
			cells[i][at] = breaks.Replace(strings.TrimSpace(cell))
		}
	}
	widths, rules, toTheRight := make([]int, count), make([]string, count), make([]bool, count)
	for at := range count {
		numbers, others := 0, 0
		for i, row := range cells {
			widths[at] = max(widths[at], Width(row[at]))
			if i == 0 || row[at] == "" {
				continue
			}
			if isNumber(row[at]) {
				numbers++
			} else {
				others++
			}
		}
		rules[at] = strings.Repeat("-", widths[at])
		toTheRight[at] = numbers > 0 && others == 0
	}
	var table strings.Builder
	table.WriteString("```\n")
	for i, row := range cells {
		line := make([]string, count)
		for at, cell := range row {
			gap := strings.Repeat(" ", widths[at]-Width(cell))
			if toTheRight[at] {
				line[at] = gap + cell
			} else {
				line[at] = cell + gap
			}
		}
		table.WriteString(strings.TrimRight(strings.Join(line, " "), " ") + "\n")
		if i == 0 {
			table.WriteString(strings.Join(rules, " ") + "\n")
		}
	}
	return table.String() + "```"
}

// isNumber tells whether a cell is one in decimal digits, with or without commas between the thousands.
func isNumber(cell string) bool {
	cell = strings.ReplaceAll(cell, ",", "")
	if strings.ContainsAny(cell, "_xXpP") {
		return false
	}
	_, err := strconv.ParseFloat(cell, 64)
	return err == nil || isRange(err)
}

// isRange tells whether a number is one, though too large.
func isRange(err error) bool {
	number, ok := err.(*strconv.NumError)
	return ok && number.Err == strconv.ErrRange
}

// Width is how many columns a text takes where letters are of one width: Korean, Chinese and Japanese letters and most
// emoji take two, marks that combine none.
func Width(text string) int {
	sum := 0
	for _, letter := range text {
		sum += columns(letter)
	}
	return sum
}

// noColumn are marks that combine, joiners, and the vowels and finals of decomposed Hangul.
var noColumn = [][2]rune{{0x300, 0x36f}, {0x1160, 0x11ff}, {0x200b, 0x200f}, {0x2060, 0x2060}, {0xfe00, 0xfe0f}}

// twoColumns are Hangul, Chinese and Japanese letters, full-width forms, and what is shown as an emoji.
var twoColumns = [][2]rune{
	{0x1100, 0x115f}, {0x231a, 0x231b}, {0x23e9, 0x23ec}, {0x23f0, 0x23f0}, {0x23f3, 0x23f3}, {0x2614, 0x2615},
	{0x26a1, 0x26a1}, {0x26bd, 0x26be}, {0x26d4, 0x26d4}, {0x2705, 0x2705}, {0x270a, 0x270b}, {0x2728, 0x2728},
	{0x274c, 0x274c}, {0x274e, 0x274e}, {0x2753, 0x2755}, {0x2757, 0x2757}, {0x2795, 0x2797}, {0x2b50, 0x2b50},
	{0x2b55, 0x2b55}, {0x2e80, 0x303e}, {0x3041, 0xa4cf}, {0xa960, 0xa97c}, {0xac00, 0xd7a3}, {0xf900, 0xfaff},
	{0xfe30, 0xfe6f}, {0xff01, 0xff60}, {0xffe0, 0xffe6}, {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff},
	{0x1f900, 0x1f9ff}, {0x1fa70, 0x1faff}, {0x20000, 0x3fffd},
}

func columns(letter rune) int {
	among := func(ranges [][2]rune) bool {
		for _, one := range ranges {
			if letter >= one[0] && letter <= one[1] {
				return true
			}
		}
		return false
	}
	switch {
	case letter < 0x300:
		return 1
	case among(noColumn):
		return 0
	case among(twoColumns):
		return 2
	}
	return 1
}
