module moa

go 1.24
