// The conformance plugin in Go: what it does stands in ../README.md.
package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"moa"
)

var settings = moa.Config[struct {
	Greeting string `default:"hello" help:"What it says"`
	Limit    int64  `default:"3" min:"1" max:"10"`
}]()

func init() {
	moa.About("ko", "모든 기능을 한 번씩 씁니다", "en", "Uses everything once")
	moa.Version("1.0.0")
	moa.Requests(moa.Grants{
		HTTP: []string{"https://example.com", "http://127.0.0.1:*"}, Users: true, SQL: []string{"main"}, Objects: []string{"files"},
		SharedBrain: true, Schedule: true,
	})

	moa.Webhook("told", moa.VerifyHMAC, asked).Methods("POST", "PUT")
	moa.Command("echo", echo).
		Alias("메아리").
		Summary("ko", "그대로 말합니다", "en", "Says it again").
		Help("ko", "적은 글을 *그대로* 돌려줍니다.", "en", "Gives the text back *as it is*.").
		Example("!echo 안녕", "!메아리 hello")
	moa.Command("types", types)
	moa.Command("maybe", maybe)
	moa.Command("meet", meet)
	team := moa.Group[teamArgs]("team").Default("members")
	moa.Sub(team, "add", teamAdd).Summary("Adds somebody")
	moa.Sub(team, "members", teamMembers).Alias("ls")
	moa.Command("raw", raw)
	moa.Command("context", context)
	moa.Command("message", message)
	moa.Command("nothing", nothing)
	moa.Command("plain", plain)
	moa.Command("secret", secret).Restricted()
	moa.Command("deploy", deploy).Confirm(moa.Self)
	moa.Command("teach", teach)
	moa.Command("forget", forget)
	moa.Command("brain", brain)
	moa.Command("peek", peek)
	moa.Command("number", number)
	moa.Command("bytes", allBytes)
	moa.Command("big", big)
	moa.Command("talk", talk)
	moa.Command("upload", upload)
	moa.Command("fetch", fetch)
	moa.Command("direct", direct)
	moa.Command("lookup", lookup)
	moa.Command("past", past)
	moa.Command("ask", ask)
	moa.Command("refused", refused)
	moa.Command("show", show)
	moa.Command("panel", panel)
	moa.Command("system", system)
	moa.Command("log", log)
	moa.Command("print", print)
	moa.Command("fresh", fresh)
	moa.Command("global", global)
	moa.Command("absent", absent)
	moa.Command("fail", fail)
	moa.Command("rows", rows)
	moa.Command("daily", daily)
	moa.Command("web", web)

	moa.Hear("order", `^order (\d+)( please)?$`, heard).In(moa.Ambient)
	moa.Hear("thumb", "good job", thumb)
	moa.HearTaught(heard)
	moa.OnLoad("loaded", loaded)
}

func main() {}

type text struct{ Text moa.Rest }

type maybeText struct {
	Text moa.Rest `optional:"true"`
}

// outcome is R of the specification.
func outcome(err error) string {
	var why moa.Case
	switch {
	case err == nil:
		return "ok"
	case errors.As(err, &why):
		names := [...]string{
			"access-denied", "not-found", "invalid", "conflict", "over-limit", "unavailable", "uncertain", "unsupported",
		}
		return "error " + names[why]
	}
	return err.Error()
}

// told is the answer of a command, or R where the host refused.
func told(said string, err error) (string, error) {
	if err != nil {
		return outcome(err), nil
	}
	return said, nil
}

func dash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

func lines(all ...string) string { return strings.Join(all, "\n") }

func echo(_ *moa.Context, args text) (string, error) { return string(args.Text), nil }

type typesArgs struct {
	Word  string
	Count int64   `min:"1" max:"100"`
	Ratio float64 `min:"0" max:"10"`
	Loud  bool
	Wait  time.Duration
	Day   moa.Date
	At    moa.Clock
	Size  string `choices:"small,large"`
	Items []string
}

func types(_ *moa.Context, args typesArgs) (string, error) {
	return lines(
		"word: "+args.Word,
		fmt.Sprintf("count: %d", args.Count),
		fmt.Sprintf("ratio: %.3f", args.Ratio),
		fmt.Sprintf("loud: %t", args.Loud),
		fmt.Sprintf("wait: %.0f", args.Wait.Seconds()),
		"day: "+string(args.Day),
		"at: "+string(args.At),
		"size: "+args.Size,
		"items: "+strings.Join(args.Items, "|"),
	), nil
}

type maybeArgs struct {
	Name  *string
	Times int64         `default:"2"`
	Ratio float64       `default:"0.5"`
	Loud  bool          `default:"false"`
	Size  string        `choices:"small,large" default:"small"`
	Wait  time.Duration `default:"90s"`
	Tags  []string      `optional:"true"`
}

func maybe(_ *moa.Context, args maybeArgs) (string, error) {
	name := "-"
	if args.Name != nil {
		name = *args.Name
	}
	return lines(
		"name: "+name,
		fmt.Sprintf("times: %d", args.Times),
		fmt.Sprintf("ratio: %.3f", args.Ratio),
		fmt.Sprintf("loud: %t", args.Loud),
		"size: "+args.Size,
		fmt.Sprintf("wait: %.0f", args.Wait.Seconds()),
		"tags: "+dash(strings.Join(args.Tags, "|")),
	), nil
}

func person(user moa.User) string {
	return fmt.Sprintf("%s %s bot=%t", user.DisplayName, user.ID, user.Bot)
}

func kind(of moa.PlaceKind) string { return [...]string{"channel", "group", "direct"}[of] }

type meetArgs struct {
	Who   moa.User
	Where moa.Conversation
}

func meet(_ *moa.Context, args meetArgs) (string, error) {
	where := args.Where
	return lines("who: "+person(args.Who), fmt.Sprintf("where: %s %s %s", where.Name, where.ID, kind(where.Kind))), nil
}

type teamArgs struct{ Label string }

type memberArgs struct {
	Name  string
	Count int64 `default:"1"`
}

func teamAdd(ctx *moa.Context, args memberArgs) (string, error) {
	return fmt.Sprintf("team %s: add %s %d", moa.Parent[teamArgs](ctx).Label, args.Name, args.Count), nil
}

func teamMembers(ctx *moa.Context, _ moa.None) (string, error) {
	return fmt.Sprintf("team %s: members", moa.Parent[teamArgs](ctx).Label), nil
}

func raw(ctx *moa.Context, _ maybeText) (string, error) {
	return lines("rest: "+dash(ctx.Rest), "tokens: "+dash(strings.Join(ctx.Tokens, "|"))), nil
}

func context(ctx *moa.Context, _ moa.None) (string, error) {
	return lines(
		"command: "+ctx.Command,
		"locale: "+ctx.Locale,
		"timezone: "+ctx.Timezone,
		fmt.Sprintf("attempt: %d", ctx.Attempt),
		"time: "+ctx.Time.Format("2006-01-02T15:04:05.000Z07:00"),
		fmt.Sprintf("id: %t", ctx.ID != ""),
		"service: "+ctx.Place.Service,
		"kind: "+kind(ctx.Place.Kind),
	), nil
}

func message(ctx *moa.Context, _ maybeText) (string, error) {
	var mentions, files []string
	for _, one := range ctx.Message.Mentions {
		switch one := one.(type) {
		case moa.UserMention:
			mentions = append(mentions, "user "+string(one))
		case moa.ConversationMention:
			mentions = append(mentions, "conversation "+string(one))
		case moa.GroupMention:
			mentions = append(mentions, "group "+string(one))
		case moa.EveryoneMention:
			mentions = append(mentions, "everyone "+string(one))
		case moa.LinkMention:
			mentions = append(mentions, "link "+one.Address+" "+one.Label)
		}
	}
	for _, one := range ctx.Message.Files {
		files = append(files, fmt.Sprintf("%s %s %d", one.Name, one.Mime, one.Size))
	}
	return lines(
		"text: "+ctx.Message.Text,
		"raw: "+ctx.Message.Raw,
		"mentions: "+dash(strings.Join(mentions, ", ")),
		"files: "+dash(strings.Join(files, ", ")),
		fmt.Sprintf("thread: %t", ctx.Place.Thread != ""),
		fmt.Sprintf("edited: %t", ctx.Message.Edited),
		"author: "+person(ctx.Message.Author),
		"time: "+ctx.Message.Time,
	), nil
}

func nothing(*moa.Context, moa.None) (string, error) { return "", nil }

func plain(_ *moa.Context, args text) (string, error) {
	return strings.ReplaceAll(moa.Plain(string(args.Text)), "\u2060", "|"), nil
}

func secret(*moa.Context, moa.None) (string, error) { return "opened", nil }

type deployArgs struct{ Target string }

func deploy(_ *moa.Context, args deployArgs) (string, error) { return "deployed " + args.Target, nil }

type teachArgs struct {
	Kind string `choices:"keyword,regex,here,nowhere,taken"`
	Text moa.Rest
}

func teach(ctx *moa.Context, args teachArgs) (string, error) {
	text := string(args.Text)
	var err error
	switch args.Kind {
	case "keyword":
		err = moa.TeachKeyword("word", text, moa.Anywhere, "")
	case "regex":
		err = moa.TeachRegex("pattern", text, moa.Ambient, "")
	case "here":
		err = moa.TeachKeyword("here", text, moa.Anywhere, ctx.Place.Conversation)
	case "nowhere":
		err = moa.TeachKeyword("nowhere", text, 0, "")
	case "taken":
		err = moa.TeachKeyword("order", text, moa.Anywhere, "")
	}
	return told("taught", err)
}

func loaded(_ *moa.Context, _ moa.Run) error {
	return moa.TeachKeyword("loaded", "just loaded", moa.Anywhere, "")
}

type forgetArgs struct{ ID string }

func forget(_ *moa.Context, args forgetArgs) (string, error) {
	was, err := moa.Unteach(args.ID)
	return told(strconv.FormatBool(was), err)
}

func heard(ctx *moa.Context) (string, error) {
	var captures []string
	for _, one := range ctx.Captures {
		if one == nil {
			captures = append(captures, "-")
		} else {
			captures = append(captures, *one)
		}
	}
	return "heard " + ctx.Pattern + ": " + strings.Join(captures, "|"), nil
}

func thumb(ctx *moa.Context) (string, error) { return "", ctx.React("👍") }

type scopeArgs struct {
	Scope string `choices:"plugin,conversation,user,shared"`
}

func scoped(ctx *moa.Context, scope string) moa.Brain {
	switch scope {
	case "conversation":
		return ctx.ConversationBrain()
	case "user":
		return ctx.UserBrain()
	case "shared":
		return moa.SharedBrain()
	}
	return ctx.Brain()
}

func brain(ctx *moa.Context, args scopeArgs) (string, error) {
	return told(remember(scoped(ctx, args.Scope)))
}

// text is a value, or a dash.
func entryText(entry *moa.Entry) string {
	if entry == nil {
		return "-"
	}
	return string(entry.Value)
}

func remember(brain moa.Brain) (string, error) {
	var said []string
	var failed error
	say := func(name string, parts ...any) {
		said = append(said, strings.TrimSuffix(name+" "+fmt.Sprintln(parts...), "\n"))
	}
	entry := func(key string) *moa.Entry {
		found, err := brain.Entry(key)
		failed = errors.Join(failed, err)
		return found
	}
	set := func(key, value string, ttl time.Duration) {
		_, err := brain.Write(moa.Write{Key: key, Value: []byte(value), TTL: ttl})
		failed = errors.Join(failed, err)
	}
	say("get:", entryText(entry("nothing")))
	set("a", "one", 0)
	one := entry("a")
	if failed != nil {
		return "", failed
	}
	expires := "-"
	if !one.Expires.IsZero() {
		expires = one.Expires.Format(time.RFC3339)
	}
	say("set:", entryText(one), expires)
	set("t", "two", time.Minute)
	two := entry("t")
	if failed != nil {
		return "", failed
	}
	say("ttl:", entryText(two), !two.Expires.IsZero())
	first, err := brain.Delete("a")
	failed = errors.Join(failed, err)
	second, err := brain.Delete("a")
	failed = errors.Join(failed, err)
	say("delete:", first, second)
	five, err := brain.Increment("n", 5)
	failed = errors.Join(failed, err)
	less, err := brain.Increment("n", -7)
	failed = errors.Join(failed, err)
	say("increment:", five, less, entryText(entry("n")))
	set("w", "word", 0)
	_, err = brain.Increment("w", 1)
	say("word:", outcome(err))
	version, once := brain.CompareAndSwap(moa.Write{Key: "c", Value: []byte("1")}, "")
	_, twice := brain.CompareAndSwap(moa.Write{Key: "c", Value: []byte("3")}, "")
	_, again := brain.CompareAndSwap(moa.Write{Key: "c", Value: []byte("2")}, version)
	say("cas:", outcome(once), outcome(twice), outcome(again), entryText(entry("c")))
	many := brain.SetMany(write("m1", "x"), write("m2", "y"), write("m3", "z"))
	found, err := brain.Many("m1", "m0", "m3")
	failed = errors.Join(failed, err)
	if failed != nil {
		return "", failed
	}
	say("many:", outcome(many), entryText(found[0]), entryText(found[1]), entryText(found[2]))
	say("twice:", outcome(brain.SetMany(write("d", "1"), write("d", "2"))))
	keys, next, err := brain.KeyPage("m", "", 2)
	failed = errors.Join(failed, err)
	say("pages:", strings.Join(keys, " "), next != "")
	keys, next, err = brain.KeyPage("m", next, 2)
	failed = errors.Join(failed, err)
	say("more:", strings.Join(keys, " "), next != "")
	var all []string
	for key, err := range brain.Keys("") {
		failed = errors.Join(failed, err)
		all = append(all, key)
	}
	say("all:", strings.Join(all, " "))
	return lines(said...), failed
}

func write(key, value string) moa.Write { return moa.Write{Key: key, Value: []byte(value)} }

type peekArgs struct{ Key string }

func peek(ctx *moa.Context, args peekArgs) (string, error) {
	found, err := ctx.Brain().Entry(args.Key)
	return told(entryText(found), err)
}

type numberArgs struct{ N int64 }

func number(ctx *moa.Context, args numberArgs) (string, error) {
	_, err := ctx.Brain().Delete("number")
	if err != nil {
		return told("", err)
	}
	sum, err := ctx.Brain().Increment("number", args.N)
	if err != nil {
		return told("", err)
	}
	stored, err := ctx.Brain().Text("number")
	return told(lines(fmt.Sprintf("argument: %d", args.N), fmt.Sprintf("brain: %d", sum), "stored: "+stored), err)
}

func allBytes(ctx *moa.Context, _ moa.None) (string, error) {
	data := make([]byte, 256)
	for i := range data {
		data[i] = byte(i)
	}
	_, err := ctx.Brain().SetBytes("bytes", data)
	if err != nil {
		return told("", err)
	}
	found, _, err := ctx.Brain().Bytes("bytes")
	return told(fmt.Sprintf("%d bytes, same %t", len(found), string(found) == string(data)), err)
}

func big(ctx *moa.Context, _ moa.None) (string, error) {
	text := strings.Repeat("가나다🙂", 15000)
	_, err := ctx.Brain().SetText("big", text)
	if err != nil {
		return told("", err)
	}
	kept, err := ctx.Brain().Text("big")
	if err != nil {
		return told("", err)
	}
	file, err := moa.Upload(ctx.Place, "big.txt", []byte(text), "")
	if err != nil {
		return told("", err)
	}
	loaded, err := moa.Download(file)
	return told(fmt.Sprintf("%d bytes, %d characters, brain %t, file %t",
		len(text), utf8.RuneCountInString(text), kept == text, string(loaded) == text), err)
}

type failArgs struct {
	How  string   `choices:"usage,rejected,retry,internal,uncaught,loop"`
	Text moa.Rest `optional:"true"`
}

func fail(ctx *moa.Context, args failArgs) (string, error) {
	text := string(args.Text)
	switch args.How {
	case "usage":
		return "", moa.Usage(text)
	case "rejected":
		return "", moa.Rejected(text)
	case "internal":
		return "", moa.Internal(text)
	case "retry":
		if ctx.Attempt == 1 {
			return "", moa.Retry(time.Second)
		}
		return fmt.Sprintf("attempt %d", ctx.Attempt), nil
	case "uncaught":
		panic("uncaught " + text)
	}
	for {
		calls++
		if calls < 0 {
			return "", errors.New("computed for ever")
		}
	}
}

func asked(_ *moa.Context, request moa.WebhookRequest) (moa.Response, error) {
	body := string(request.Body)
	switch request.Path {
	case "/usage":
		return moa.Response{}, moa.Usage(body)
	case "/rejected":
		return moa.Response{}, moa.Rejected(body)
	case "/internal":
		return moa.Response{}, moa.Internal(body)
	}
	parts := []string{request.Method, request.Path, request.Query, request.Header("Content-Type"), body}
	for at, part := range parts {
		parts[at] = dash(part)
	}
	return moa.Response{Body: []byte(strings.Join(parts, "|"))}, nil
}
