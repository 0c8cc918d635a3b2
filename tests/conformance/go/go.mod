module conformance

go 1.24

require moa v0.0.0

replace moa => ./.moa/sdk
