// Package words reads what people write.
package words

import "strings"

var units = map[string]uint64{
	"w": 604800, "week": 604800, "weeks": 604800, "주": 604800, "주일": 604800,
	"d": 86400, "day": 86400, "days": 86400, "일": 86400,
	"h": 3600, "hour": 3600, "hours": 3600, "시간": 3600,
	"m": 60, "min": 60, "minute": 60, "minutes": 60, "분": 60,
	"s": 1, "sec": 1, "second": 1, "seconds": 1, "초": 1,
}

// Seconds is a length of time in whole units, larger ones first: 90s, 1h30m, 1시간 30분.
func Seconds(text string) (uint32, bool) {
	rest := strings.TrimSpace(text)
	var total uint64
	smallerThan := uint64(1 << 32)
	for rest != "" {
		end := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
		if end <= 0 || end > 9 {
			return 0, false
		}
		var number uint64
		for _, digit := range rest[:end] {
			number = number*10 + uint64(digit-'0')
		}
		rest = strings.TrimLeft(rest[end:], " ")
		end = strings.IndexFunc(rest, func(r rune) bool { return r >= '0' && r <= '9' || r == ' ' })
		if end < 0 {
			end = len(rest)
		}
		unit, known := units[rest[:end]]
		if !known || unit >= smallerThan {
			return 0, false
		}
		smallerThan = unit
		total += number * unit
		if total > 1<<32-1 {
			return 0, false
		}
		rest = strings.TrimLeft(rest[end:], " ")
	}
	return uint32(total), smallerThan != 1<<32
}

// Kebab is a Go name as a key: TeamSize is team-size, URL is url.
func Kebab(name string) string {
	var to strings.Builder
	runes := []rune(name)
	upper := func(i int) bool { return i < len(runes) && runes[i] >= 'A' && runes[i] <= 'Z' }
	for i, r := range runes {
		if upper(i) {
			if i > 0 && (!upper(i-1) || i+1 < len(runes) && !upper(i+1)) {
				to.WriteByte('-')
			}
			r += 'a' - 'A'
		}
		to.WriteRune(r)
	}
	return to.String()
}
