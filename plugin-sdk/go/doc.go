// Package moa writes plugins for the chat bot Moa.
//
// A plugin is a package main whose init function says what there is: [Command], [Group], [Hear], [HearTaught], [Action],
// [Submit], [Answer], [MessageShortcut], [Shortcut], [On], [Job], [Scheduled], [Webhook], [Config], [Requests], [About].
//
//	package main
//
//	import "moa"
//
//	func init() {
//		moa.Command("hi", hi).Alias("안녕").Summary("Greets")
//	}
//
//	func hi(ctx *moa.Context, args struct{ Name *string }) (string, error) {
//		if args.Name != nil {
//			return "Hello, " + moa.Plain(*args.Name) + "!", nil
//		}
//		return "Hello, " + moa.Plain(ctx.Who.DisplayName) + "!", nil
//	}
//
//	func main() {}
//
// Each call gets a fresh instance: nothing in a variable outlives it. What must last goes into the [Brain]. Random
// numbers and the time are fresh at each call, and what is printed goes to the plugin's log.
//
// An error that a function returns decides who is told: [Usage], [Rejected] and [Retry] the person, any other the
// operator. Errors of the host are told apart by errors.Is with a [Case]. A panic is told to the operator with its file
// and line; the host is not reached by it. Goroutines run as long as the call; a panic in one of them ends the call.
//
// Tests are `go test`, natively, with package moa/moatest as the host.
package moa
