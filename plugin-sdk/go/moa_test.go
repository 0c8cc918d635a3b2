package moa_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"moa"
	"moa/moatest"
)

type orderArgs struct {
	Dish  string         `choices:"soup,rice" help.ko:"무엇" help.en:"What"`
	Count uint8          `min:"1" max:"20" default:"1"`
	After *time.Duration `help:"When"`
	Names []string       `optional:"true"`
}

type teamArgs struct{ Label string }

var settings = moa.Config[struct {
	TeamSize int           `default:"4" min:"2"`
	Lasts    time.Duration `default:"1h30m"`
	Greeting *string
	People   []string `optional:"true"`
	Admin    string   `type:"user" optional:"true"`
	Extra    any      `optional:"true"`
}]()

func init() {
	moa.About("ko", "시험", "en", "A test")
	moa.Command("order", func(ctx *moa.Context, args orderArgs) (string, error) {
		after := "now"
		if args.After != nil {
			after = args.After.String()
		}
		return fmt.Sprint(args.Count, " ", args.Dish, " ", after, " ", args.Names), nil
	}).Alias("o").Summary("ko", "주문", "en", "Orders").Example("!order soup").Confirm(moa.Self)
	team := moa.Group[teamArgs]("team")
	moa.Sub(team, "show", func(ctx *moa.Context, _ moa.None) (moa.Content, error) {
		return moa.Text(moa.Parent[teamArgs](ctx).Label).Card(moa.Card{Title: "t"}), nil
	})
	moa.Command("fail", func(ctx *moa.Context, args struct{ How string }) (string, error) {
		switch args.How {
		case "usage":
			return "", fmt.Errorf("while failing: %w", moa.Usage("so not"))
		case "retry":
			return "", moa.Retry(1500 * time.Millisecond)
		case "host":
			return "", moa.Edit(ctx.Message.Ref, "x")
		case "index":
			return "", errors.New(args.How[len(args.How):][:9])
		}
		panic("uncaught " + args.How)
	})
	moa.Hear("dish", "(soup|rice)( now)?", func(ctx *moa.Context) (string, error) {
		return fmt.Sprint(ctx.Capture(1), ctx.Capture(2) == "", len(ctx.Captures)), nil
	}).In(moa.Ambient | moa.DirectMessages)
	moa.HearTaught(func(ctx *moa.Context) (string, error) { return "taught " + ctx.Pattern, nil })
	moa.Action("yes:*", func(_ *moa.Context, press *moa.Press) (moa.Update, error) {
		return moa.Update(moa.Text(press.Rest)), nil
	})
	moa.Action("yes:all", func(*moa.Context, *moa.Press) (string, error) { return "all", nil })
	moa.Submit("form", func(_ *moa.Context, press *moa.Press) (*moa.Form, error) {
		values, err := moa.FormValues[struct{ Size int }](press)
		if err != nil || values.Size > 3 {
			return nil, err
		}
		return moa.NewForm("again", "Again"), nil
	})
	moa.On(func(ctx *moa.Context, what moa.Reacted) (string, error) {
		return ctx.Who.DisplayName + " " + what.Emoji, nil
	})
	moa.Job("daily", "0 9 * * *", func(ctx *moa.Context, run moa.Run) error {
		_, err := ctx.Brain().SetText("ran", run.Name)
		return err
	}).In("Asia/Seoul").Missed(moa.SkipMissed).Jitter(90 * time.Second)
	moa.Scheduled("later/*", func(ctx *moa.Context, run moa.Run) error {
		return moa.Rejected(run.Payload)
	})
	moa.Webhook("push", moa.VerifyHMAC, func(_ *moa.Context, request moa.WebhookRequest) (moa.Response, error) {
		return moa.Response{Body: []byte(request.Header("X-Kind"))}, nil
	})
	moa.Shortcut("start", func(*moa.Context, *moa.Press) (string, error) { return "", nil }, "Start")
	moa.Requests(moa.Grants{HTTP: []string{"https://a.example"}})
	moa.Requests(moa.Grants{HTTP: []string{"https://b.example"}, Users: true})
}

func TestManifest(t *testing.T) {
	var got, want any
	if err := json.Unmarshal([]byte(moatest.New(t).Manifest()), &got); err != nil {
		t.Fatal(err)
	}
	text := `{
	"name": "plugin", "summary": {"ko": "시험", "en": "A test"},
	"commands": [
		{"name": "order", "aliases": ["o"], "summary": {"ko": "주문", "en": "Orders"}, "examples": ["!order soup"],
		 "confirm": "self", "args": [
			{"name": "dish", "type": "choice", "choices": ["soup", "rice"], "summary": {"ko": "무엇", "en": "What"}},
			{"name": "count", "type": "int", "min": 1, "max": 20, "default": 1},
			{"name": "after", "type": "duration", "optional": true, "summary": "When"},
			{"name": "names", "type": "list", "optional": true}]},
		{"name": "team", "args": [{"name": "label", "type": "string"}], "subcommands": [{"name": "show"}]},
		{"name": "fail", "args": [{"name": "how", "type": "string"}]}],
	"hears": [{"id": "dish", "pattern": "(soup|rice)( now)?", "scopes": ["direct", "ambient"]}],
	"jobs": [{"id": "daily", "cron": "0 9 * * *", "timezone": "Asia/Seoul", "missed": "skip", "jitter": "90000ms"}],
	"webhooks": [{"name": "push", "verify": "hmac-sha256"}],
	"events": ["reacted"],
	"shortcuts": [{"id": "start", "on": "anywhere", "name": "Start"}],
	"config": {
		"team-size": {"type": "int", "default": 4, "min": 2}, "lasts": {"type": "duration", "default": "1h30m"},
		"greeting": {"type": "string", "optional": true}, "people": {"type": "list", "optional": true},
		"admin": {"type": "user", "optional": true}, "extra": {"type": "table", "optional": true}},
	"requests": {"http": ["https://a.example", "https://b.example"], "users": true}}`
	if err := json.Unmarshal([]byte(text), &want); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s", moatest.New(t).Manifest())
	}
}

func TestArguments(t *testing.T) {
	host := moatest.New(t)
	for line, want := range map[string]string{
		"order soup":                      "1 soup now []",
		"o RICE 3 1h30m 로지, 샐리":           "3 rice 1h30m0s [로지 샐리]",
		"order soup 20 \"1시간 30분\" a b,c": "20 soup 1h30m0s [a b c]",
	} {
		if said := host.Run(line); said != want {
			t.Errorf("%s: %q", line, said)
		}
	}
	for _, line := range []string{"order", "order bread", "order soup 21", "order soup 1 soon"} {
		if _, err := host.Try(line); err == nil {
			t.Errorf("%s went well", line)
		}
	}
	content, err := host.Try("team A show")
	if err != nil || content.Text != "A" || content.Cards[0].Title != "t" {
		t.Error(content, err)
	}
}

func TestFailures(t *testing.T) {
	host := moatest.New(t)
	for how, want := range map[string]string{
		"usage": "while failing: so not", "retry": "to be tried again in 2 s",
		"x": "panic: uncaught x (", "index": "moa_test.go:",
	} {
		if _, err := host.Try("fail " + how); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", how, err)
		}
	}
	_, err := host.Try("fail host")
	var told *moa.HostError
	if !errors.Is(err, moa.NotFound) || errors.Is(err, moa.Conflict) || !errors.As(err, &told) {
		t.Error(err)
	}
}

func TestBrain(t *testing.T) {
	host := moatest.New(t)
	brain := moa.UserBrain("U1")
	if err := moa.Save(brain, "menu", []string{"soup"}, time.Hour); err != nil {
		t.Fatal(err)
	}
	tries := 0
	err := moa.Change(brain, "menu", func(menu *[]string) error {
		if tries++; tries == 1 { // another writer comes between
			return errors.Join(moa.Save(brain, "menu", []string{"rice"}, 0))
		}
		*menu = append(*menu, "tea")
		return nil
	})
	menu, readErr := moa.Load[[]string](brain, "menu")
	if err != nil || readErr != nil || tries != 2 || !reflect.DeepEqual(*menu, []string{"rice", "tea"}) {
		t.Error(err, readErr, tries, menu)
	}
	if none, err := moa.Load[int](moa.PluginBrain(), "menu"); none != nil || err != nil {
		t.Error(none, err)
	}
	if _, err := moa.Load[int](brain, "menu"); err == nil || !strings.Contains(err.Error(), `"menu"`) {
		t.Error(err)
	}
	if _, err := brain.CompareAndSwap(moa.Write{Key: "menu"}, ""); !errors.Is(err, moa.Conflict) {
		t.Error(err)
	}
	if _, err := brain.Write(moa.Write{Key: "x", TTL: -1}); !errors.Is(err, moa.Invalid) {
		t.Error(err)
	}
	if _, err := brain.Write(moa.Write{Key: "short", TTL: 10 * time.Millisecond}); err != nil {
		t.Error(err)
	}
	host.Now = host.Now.Add(2 * time.Second)
	if entry, err := brain.Entry("short"); entry != nil || err != nil {
		t.Error(entry, err)
	}
	for i := range 5 {
		if _, err := brain.Increment(fmt.Sprint("n", i%3), 2); err != nil {
			t.Error(err)
		}
	}
	var keys []string
	for key, err := range brain.Keys("n") {
		if err != nil {
			t.Error(err)
		}
		keys = append(keys, key)
	}
	many, err := brain.Many("n0", "none", "n2")
	if err != nil || string(many[0].Value) != "4" || many[1] != nil || string(many[2].Value) != "2" {
		t.Error(many, err)
	}
	if fmt.Sprint(keys) != "[n0 n1 n2]" {
		t.Error(keys)
	}
}

func TestMessagesPressesAndEvents(t *testing.T) {
	host := moatest.New(t)
	said, err := host.Hear("soup please")
	if err != nil || len(said) != 1 || said[0].Text != "souptrue 3" {
		t.Error(said, err)
	}
	if err := moa.TeachKeyword("word", "tea", moa.Anywhere, ""); err != nil {
		t.Error(err)
	}
	if said, _ = host.Hear("tea!"); len(said) != 1 || said[0].Text != "taught word" {
		t.Error(said)
	}
	if what, _ := host.Press(moa.Press{ID: "yes:7"}); !reflect.DeepEqual(what, moa.Update(moa.Text("7"))) {
		t.Errorf("%#v", what)
	}
	if what, _ := host.Press(moa.Press{ID: "yes:all"}); !reflect.DeepEqual(what, moa.Text("all")) {
		t.Errorf("%#v", what)
	}
	if _, err := host.Press(moa.Press{ID: "no"}); err == nil || !strings.Contains(err.Error(), `button "no"`) {
		t.Error(err)
	}
	for size, want := range map[string]any{"2": moa.View(moa.NewForm("again", "Again").JSON()), "4": nil,
		"x": moa.FieldErrors{{Name: "size", Text: `"x"?`}}} {
		press := moa.Press{Kind: moa.FormSubmitted, ID: "form", State: []moa.Value{{Name: "size", Value: size}}}
		if what, err := host.Press(press); err != nil || !reflect.DeepEqual(what, want) {
			t.Errorf("%s: %#v %v", size, what, err)
		}
	}
	if err := host.Event(moa.Reacted{Message: moa.MessageRef{Place: host.Place, ID: "1"}, Emoji: "tada"}); err != nil {
		t.Error(err)
	}
	if texts := host.Texts(); fmt.Sprint(texts) != "[Rosie tada]" {
		t.Error(texts)
	}
	if err := host.Event(moa.Left{}); err == nil {
		t.Error("an event without a function went well")
	}
}

func TestJobsAndWebhooks(t *testing.T) {
	host := moatest.New(t)
	if err := host.Job("daily", ""); err != nil {
		t.Error(err)
	}
	if ran, _ := moa.PluginBrain().Text("ran"); ran != "daily" {
		t.Error(ran)
	}
	if err := host.Job("later/1", "no"); err == nil || err.Error() != "no" {
		t.Error(err)
	}
	if err := host.Job("other", ""); err == nil {
		t.Error("a job without a function went well")
	}
	headers := []moa.Header{{Name: "x-kind", Value: "push"}}
	response, err := host.Webhook(moa.WebhookRequest{Name: "push", Headers: headers})
	if err != nil || response.Status != 200 || string(response.Body) != "push" {
		t.Error(response, err)
	}
	if err := moa.RunEvery("often", "* * * * *", "UTC", moa.RunAll, "p"); err != nil || host.Jobs["often"].Payload != "p" {
		t.Error(err, host.Jobs)
	}
}

func TestSettings(t *testing.T) {
	host := moatest.New(t)
	host.Config = map[string]any{"people": []string{"로지"}, "lasts": "2분", "extra": map[string]any{"a": 1}}
	got, err := settings.Get()
	if err != nil || got.TeamSize != 4 || got.Lasts != 2*time.Minute || got.Greeting != nil || got.People[0] != "로지" {
		t.Errorf("%+v %v", got, err)
	}
	host.Config = map[string]any{"lasts": "soon"}
	if _, err := settings.Get(); err == nil || !strings.Contains(err.Error(), `"lasts"`) {
		t.Error(err)
	}
	host.Config = map[string]any{"team-size": "many"}
	if _, err := settings.Get(); err == nil || !strings.Contains(err.Error(), `"team-size"`) {
		t.Error(err)
	}
}

func TestHTTP(t *testing.T) {
	host := moatest.New(t)
	if _, err := moa.Fetch(moa.Request{URL: "https://a.example"}); !errors.Is(err, moa.AccessDenied) {
		t.Error(err)
	}
	host.Fetch = func(request moa.Request) (moa.Response, error) {
		if request.Method == "POST" {
			return moa.Response{Status: 201, Body: request.Body.(moa.Bytes)}, nil
		}
		return moa.Response{Status: 404}, nil
	}
	sent := map[string]int{"a": 1}
	if back, err := moa.PostJSON[map[string]int]("https://a.example", sent); err != nil || !reflect.DeepEqual(back, sent) {
		t.Error(back, err)
	}
	_, err := moa.GetJSON[int]("https://a.example/x?key=secret")
	var status *moa.StatusError
	if !errors.As(err, &status) || status.Response.Status != 404 || strings.Contains(err.Error(), "secret") {
		t.Error(err)
	}
}

func TestSystem(t *testing.T) {
	host := moatest.New(t)
	local, err := moa.In(moa.ParseTime("2026-11-21T00:50:00Z"), "Asia/Seoul")
	if err != nil || local.Format(time.RFC3339) != "2026-11-21T09:50:00+09:00" || local.Location().String() != "Asia/Seoul" {
		t.Error(local, err)
	}
	if len(moa.Random(70000)) != 70000 || !moa.Now().Equal(host.Now) {
		t.Error("chance or time")
	}
	moa.Log(moa.Warn, "100%%")
	moa.Log(moa.Info, "%d", 1)
	if fmt.Sprint(host.Logged) != "[warn 100% info 1]" {
		t.Error(host.Logged)
	}
	if plain := moa.Plain("a *b* {@U1}"); plain != "a *\u2060b*\u2060 {\u2060@U1}" {
		t.Errorf("%q", plain)
	}
	if day := moa.Date("2026-11-21").In(time.UTC); day.Day() != 21 || moa.Clock("09:50:01").SinceMidnight() != 35401*time.Second {
		t.Error(day)
	}
}

func TestDatabases(t *testing.T) {
	host := moatest.New(t)
	host.Answer = func(function string, args []any) (any, error, bool) {
		cells := args[2].([]moa.Cell)
		return moa.Rows{Columns: []string{function}, Rows: [][]moa.Cell{cells}}, nil, true
	}
	rows, err := moa.Database("main").Query("SELECT ?", 1, nil, time.Unix(0, 0), "x")
	want := []moa.Cell{int64(1), nil, moa.SQLTime("1970-01-01T00:00:00Z"), "x"}
	if err != nil || !reflect.DeepEqual(rows.Rows[0], want) {
		t.Errorf("%#v %v", rows, err)
	}
	if _, err := moa.Database("main").Query("SELECT ?", struct{}{}); err == nil {
		t.Error("a struct went as a parameter")
	}
}

func TestForm(t *testing.T) {
	path := filepath.Join("..", "..", "tests", "conformance", "form.json")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Skip("the repository is not around this copy of the SDK")
	}
	form := moa.NewForm("form", "Form").Submit("Send").Data("d1").Text("dish", "Dish").
		Select("size", "Size", moa.Choice{Label: "Small", Value: "s"}, moa.Choice{Label: "Large", Value: "l"})
	var got, want any
	if err := errors.Join(json.Unmarshal([]byte(form.JSON()), &got), json.Unmarshal(text, &want)); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Error(form.JSON())
	}
	form.Initial("l").Optional().Hint("\"h\"\n")
	if json := form.JSON(); !strings.Contains(json, `"initial_option":{"text":{"text":"Large"`) || !strings.Contains(json, `\"h\"\u000a`) {
		t.Error(json)
	}
}

func TestRowsBecomeATableAndAFileAsInEveryLanguage(t *testing.T) {
	host := moatest.New(t)
	host.Answer = func(function string, args []any) (any, error, bool) {
		if function != "sql.query" {
			return nil, nil, false
		}
		return moa.Rows{
			Columns: []string{"이름", "kind", "sum"},
			Rows: [][]moa.Cell{
				{"로지, \"R\"", true, 3.0},
				{" a\r\nb`", []byte{0, 255}, 1e-7},
				{"👍", moa.Decimal("12.50"), 1e21},
				{"", moa.SQLTime("2026-11-21T00:50:00.5Z"), int64(-7)},
				{"e\u0301", nil, nil},
			},
			Truncated: true,
		}, nil, true
	}
	rows, err := moa.Database("team").Query("SELECT *")
	if err != nil {
		t.Fatal(err)
	}
	file := "이름,kind,sum\r\n\"로지, \"\"R\"\"\",true,3\r\n\" a\r\nb`\",00ff,0.0000001\r\n" +
		"👍,12.50,1000000000000000000000\r\n,2026-11-21T00:50:00.5Z,-7\r\ne\u0301,,\r\n"
	if rows.CSV() != file {
		t.Errorf("%q", rows.CSV())
	}
	table := strings.Join([]string{
		"```",
		"이름      kind                                      sum",
		"--------- ---------------------- ----------------------",
		"로지, \"R\" true                                        3",
		"a  b`\u2060     00ff                                0.0000001",
		"👍        12.50                  1000000000000000000000",
		"          2026-11-21T00:50:00.5Z                     -7",
		"e\u0301",
		"…",
		"```",
	}, "\n")
	if rows.Table() != table {
		t.Errorf("\n%s\n%s", rows.Table(), table)
	}
	id, err := rows.SendCSV(host.Place, "members.csv", "Here *they* are")
	if err != nil {
		t.Fatal(err)
	}
	if data, err := moa.Download(id); err != nil || string(data) != "\ufeff"+file {
		t.Errorf("%v %q", err, data)
	}
	// The same in the tests of the other languages' SDKs.
	cells := moa.Rows{Columns: []string{"=name"}}
	for _, cell := range []moa.Cell{
		"=1+1", "+82", "+82 10", "-", "-5.5", "-x", "@me", "\tx", "\nx", "＝1", "a=1", `="a",b`, -2.5, math.Inf(-1),
	} {
		cells.Rows = append(cells.Rows, []moa.Cell{cell})
	}
	bare := "=name|=1+1|+82|+82 10|-|-5.5|-x|@me|\tx|\"\nx\"|＝1|a=1|\"=\"\"a\"\",b\"|-2.5|-inf|"
	safe := "'=name|'=1+1|+82|'+82 10|-|-5.5|'-x|'@me|'\tx|\"'\nx\"|'＝1|a=1|\"'=\"\"a\"\",b\"|-2.5|-inf|"
	if said := strings.ReplaceAll(cells.CSV(), "\r\n", "|"); said != safe {
		t.Errorf("%q", said)
	}
	if said := strings.ReplaceAll(cells.CSV(moa.WithBOM, moa.AsItIs), "\r\n", "|"); said != "\ufeff"+bare {
		t.Errorf("%q", said)
	}
	numbers := moa.Rows{Columns: []string{"n"}, Rows: [][]moa.Cell{{math.Inf(1)}, {math.Inf(-1)}, {math.NaN()}, {-2.5}}}
	if said := numbers.CSV(); said != "n\r\ninf\r\n-inf\r\nNaN\r\n-2.5\r\n" {
		t.Errorf("%q", said)
	}
}

func TestADayHasOneThreadInAConversation(t *testing.T) {
	host := moatest.New(t)
	open := func(day string) moa.Place {
		t.Helper()
		thread, err := moa.DailyThread(moa.PlaceOf("C9"), day, "*Feed*", "Reports come here.")
		if err != nil {
			t.Fatal(err)
		}
		return thread
	}
	first := open("2026-11-20")
	if again := open("2026-11-20"); again != first || first.Thread == "" || first.Conversation != "C9" {
		t.Error(first, again)
	}
	if kept, _ := moa.PluginBrain().Text("daily/C9/2026-11-20"); kept != `"`+first.Thread+`"` {
		t.Error("other languages do not find it: ", kept)
	}
	if texts := host.Texts(); !reflect.DeepEqual(texts, []string{"*Feed*", "Reports come here."}) {
		t.Error(texts)
	}
	if other := open("2026-11-21"); other.Thread == first.Thread {
		t.Error(other)
	}

	// Another call was first: what it sent is the day's thread, and the head that was sent in vain is gone.
	swaps := 0
	host.Answer = func(function string, args []any) (any, error, bool) {
		if function == "brain.compare-and-swap" && swaps == 0 {
			swaps++
			if _, err := moa.PluginBrain().SetText("daily/C9/2026-11-22", `"m0"`); err != nil {
				t.Fatal(err)
			}
		}
		return nil, nil, false
	}
	before := len(host.Sent)
	if third := open("2026-11-22"); third.Thread != "m0" || len(host.Sent) != before || swaps != 1 {
		t.Error(third, host.Texts())
	}
}
