package moa

import (
	"encoding/hex"
	"regexp"
	"strconv"
	"strings"
)

// Table is the rows as a table in a code block, the columns' names above them: an answer as it is. Where there was more
// than the connection's limit its last line is “…”.
func (r Rows) Table() string {
	lines := r.lines()
	if r.Truncated {
		lines = append(lines, []string{"…"})
	}
	return Table(lines)
}

// CSVWay is how a CSV file differs from what [Rows.CSV] writes.
type CSVWay uint8

const (
	// WithBOM begins the file with a byte-order mark, without which Excel shows Hangul as rubbish. Programs that read CSV
	// may take it for a part of the first column's name.
	WithBOM CSVWay = 1 << iota
	// AsItIs leaves cells that a spreadsheet runs as formulas what they are.
	AsItIs
)

// CSV is the rows as a CSV file (RFC 4180, UTF-8), the columns' names in the first line. [Rows.SendCSV] puts it into a
// conversation, [Bucket.Put] into a bucket.
//
// A cell that a spreadsheet would run as a formula, because it begins with =, +, -, @, a tab or a line end and is no
// number, gets a quote before it, which makes it a text.
func (r Rows) CSV(ways ...CSVWay) string {
	var file strings.Builder
	var all CSVWay
	for _, way := range ways {
		all |= way
	}
	if all&WithBOM != 0 {
		file.WriteString("\ufeff")
	}
	for _, line := range r.lines() {
		for at, cell := range line {
			if at > 0 {
				file.WriteByte(',')
			}
			if all&AsItIs == 0 && isFormula(cell) {
				cell = "'" + cell
			}
			if strings.ContainsAny(cell, ",\"\r\n") {
				cell = `"` + strings.ReplaceAll(cell, `"`, `""`) + `"`
			}
			file.WriteString(cell)
		}
		file.WriteString("\r\n")
	}
	return file.String()
}

// isFormula is whether a spreadsheet would run it, as OWASP's page on CSV injection lists it. A sign before a number or
// nothing is none.
func isFormula(cell string) bool {
	return formula.MatchString(cell) && !signed.MatchString(cell)
}

var (
	formula = regexp.MustCompile("^[=+\\-@\t\r\n＝＋－＠]")
	signed  = regexp.MustCompile(`^[+-]([0-9]+(\.[0-9]+)?|inf)?$`)
)

// SendCSV puts the rows into a place as a CSV file for a spreadsheet (with a byte-order mark), with a comment in portable
// markup (empty: none). Returns the file's id. For another file, [Upload] what [Rows.CSV] makes.
//
//	rows, err := moa.Database("team").Query("SELECT name, born FROM members")
//	…
//	_, err = rows.SendCSV(ctx.Place, "members.csv", "")
func (r Rows) SendCSV(to Place, name, comment string) (file string, err error) {
	return Upload(to, name, []byte(r.CSV(WithBOM)), comment)
}

func (r Rows) lines() [][]string {
	lines := [][]string{r.Columns}
	for _, row := range r.Rows {
		line := make([]string, len(row))
		for at, cell := range row {
			line[at] = shown(cell)
		}
		lines = append(lines, line)
	}
	return lines
}

// shown is a cell as text: NULL is nothing, bytes are hexadecimal digits.
func shown(cell Cell) string {
	switch cell := cell.(type) {
	case bool:
		return strconv.FormatBool(cell)
	case int64:
		return strconv.FormatInt(cell, 10)
	case float64:
		text := strconv.FormatFloat(cell, 'f', -1, 64)
		return strings.Replace(strings.TrimPrefix(text, "+"), "Inf", "inf", 1)
	case Decimal:
		return string(cell)
	case SQLTime:
		return string(cell)
	case string:
		return cell
	case []byte:
		return hex.EncodeToString(cell)
	}
	return ""
}
