package moa

import (
	"fmt"
	"time"

	"moa/internal/abi"
)

// Database is a connection, by the operator's name for it. It needs the request SQL.
type Database string

// Decimal is an exact number of any size, in decimal digits.
type Decimal string

// SQLTime is an instant, or a date or time as text where the column has no zone.
type SQLTime string

// Cell is a value of a column: nil, bool, int64, float64, string, []byte, [Decimal] or [SQLTime].
type Cell any

// Rows is what a query found.
type Rows struct {
	// Columns are the names, in the statement's order. Names may repeat.
	Columns []string
	// Rows are each as long as Columns.
	Rows [][]Cell
	// Truncated tells whether there was more than the connection's limit.
	Truncated bool
}

// Query reads, inside a read-only transaction. Parameters are bound, never pasted: ? in SQLite and MySQL, $1 in
// PostgreSQL. They are nil, bool, any integer, float64, string, []byte, time.Time, [Decimal] or [SQLTime].
func (d Database) Query(statement string, params ...any) (Rows, error) {
	cells, err := cellsOf(params)
	if err != nil {
		return Rows{}, err
	}
	return ask[Rows]("sql.query", string(d), statement, cells)
}

// Execute writes, in a transaction of its own, and returns the number of rows concerned. Done at most once.
func (d Database) Execute(statement string, params ...any) (uint32, error) {
	cells, err := cellsOf(params)
	if err != nil {
		return 0, err
	}
	return ask[uint32]("sql.execute", string(d), statement, cells)
}

func cellsOf(params []any) ([]Cell, error) {
	cells := make([]Cell, len(params))
	for i, param := range params {
		switch param := param.(type) {
		case nil, bool, int64, float64, string, []byte, Decimal, SQLTime:
			cells[i] = param
		case int:
			cells[i] = int64(param)
		case int32:
			cells[i] = int64(param)
		case uint32:
			cells[i] = int64(param)
		case time.Time:
			cells[i] = SQLTime(param.UTC().Format(time.RFC3339Nano))
		default:
			return nil, fmt.Errorf("parameter %d of a statement is a %T; use nil, bool, int, int64, float64, string, []byte, time.Time, moa.Decimal or moa.SQLTime", i+1, param)
		}
	}
	return cells, nil
}

func init() {
	abi.Variant[Cell](nil, false, int64(0), float64(0), Decimal(""), "", []byte(nil), SQLTime(""))
}
