package moa

import (
	"encoding/hex"
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

// CSV is the rows as a CSV file (RFC 4180, UTF-8), the columns' names in the first line. [Rows.SendCSV] puts it into a
// conversation, [Bucket.Put] into a bucket.
func (r Rows) CSV() string {
	var file strings.Builder
	for _, line := range r.lines() {
		for at, cell := range line {
			if at > 0 {
				file.WriteByte(',')
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

// SendCSV puts the rows into a place as a CSV file, with a comment in portable markup (empty: none). Returns the file's
// id.
//
//	rows, err := moa.Database("team").Query("SELECT name, born FROM members")
//	…
//	_, err = rows.SendCSV(ctx.Place, "members.csv", "")
func (r Rows) SendCSV(to Place, name, comment string) (file string, err error) {
	return Upload(to, name, []byte(r.CSV()), comment)
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
