package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"time"

	"moa"
)

func init() {
	moa.Action("ok", pressedOK)
	moa.Action("no", pressedNo)
	moa.Action("quiet", pressedQuiet)
	moa.Action("form", pressedForm)
	moa.Action("modal", pressedModal)
	moa.Action("size", choseSize)
	moa.Submit("form", submitted)
	moa.MessageShortcut("note", note, "ko", "적어 두기", "en", "Note it").
		Description("ko", "메시지를 적어 둡니다", "en", "Notes a message")
	moa.Shortcut("start", start, "Start")
	moa.Answer("q1", answered)

	moa.On(func(ctx *moa.Context, what moa.Reacted) (string, error) {
		return "reacted " + what.Emoji + by(ctx), nil
	})
	moa.On(func(ctx *moa.Context, what moa.Unreacted) (string, error) {
		return "unreacted " + what.Emoji + by(ctx), nil
	})
	moa.On(func(ctx *moa.Context, _ moa.Joined) (string, error) { return "joined" + by(ctx), nil })
	moa.On(func(ctx *moa.Context, _ moa.Left) (string, error) { return "left" + by(ctx), nil })
	moa.On(func(ctx *moa.Context, what moa.TopicSet) (string, error) {
		return "topic " + dash(what.Topic) + by(ctx), nil
	})
	moa.On(func(ctx *moa.Context, what moa.Edited) (string, error) {
		return fmt.Sprintf("edited %s edited=%t%s", what.Message.Text, what.Message.Edited, by(ctx)), nil
	})
	moa.On(func(ctx *moa.Context, _ moa.Deleted) (string, error) { return "deleted" + by(ctx), nil })
}

func by(ctx *moa.Context) string { return " by " + ctx.Who.DisplayName }

func talk(ctx *moa.Context, _ moa.None) (string, error) {
	ref, err := moa.Send(ctx.Place, "one")
	if err != nil {
		return told("", err)
	}
	for _, step := range []func() error{
		func() error { return moa.Edit(ref, "two") },
		func() error { return moa.React(ref, "👍") },
		func() error { return moa.React(ref, "👍") },
		func() error { return moa.Unreact(ref, "👍") },
		func() error { return moa.Unreact(ref, "👍") },
		func() error { return moa.Delete(ref) },
		func() error { return moa.Delete(ref) },
	} {
		if err := step(); err != nil {
			return told("", err)
		}
	}
	return "done", nil
}

func upload(ctx *moa.Context, _ moa.None) (string, error) {
	file, err := moa.Upload(ctx.Place, "점심.csv", []byte("a,b"), "a *file*")
	if err != nil {
		return told("", err)
	}
	data, err := moa.Download(file)
	return told(fmt.Sprintf("%d bytes: %s", len(data), data), err)
}

func fetch(ctx *moa.Context, _ moa.None) (string, error) {
	files := ctx.Message.Files
	if len(files) == 0 {
		files = []moa.File{{ID: "F404"}}
	}
	var said []string
	for _, one := range files {
		data, err := moa.Download(one.ID)
		if err != nil {
			return told("", err)
		}
		said = append(said, one.Name+": "+string(data))
	}
	return lines(said...), nil
}

func direct(ctx *moa.Context, _ moa.None) (string, error) {
	place, err := moa.OpenDirect(ctx.Who.ID)
	if err != nil {
		return told("", err)
	}
	_, err = moa.Send(place, "psst")
	return told("direct: "+kind(place.Kind), err)
}

type lookupArgs struct {
	Kind string `choices:"user,conversation,members"`
	ID   string
}

func lookup(_ *moa.Context, args lookupArgs) (string, error) {
	switch args.Kind {
	case "user":
		user, err := moa.GetUser(args.ID)
		return told(fmt.Sprintf("user %s bot=%t", user.DisplayName, user.Bot), err)
	case "conversation":
		of, err := moa.GetConversation(args.ID)
		return told(fmt.Sprintf("conversation %s %s %s", dash(of.Name), kind(of.Kind), dash(of.Topic)), err)
	}
	said := "members"
	for id, err := range moa.Members(args.ID) {
		if err != nil {
			return told("", err)
		}
		said += " " + id
	}
	return said, nil
}

func past(ctx *moa.Context, _ moa.None) (string, error) {
	var said []string
	for before := ctx.Message.Ref.ID; len(said) < 6; {
		page, err := moa.History(ctx.Place, before, 2)
		if err != nil {
			return told("", err)
		}
		if len(page) == 0 {
			break
		}
		for _, one := range page {
			said = append(said, one.Author.DisplayName+": "+one.Text)
			before = one.Ref.ID
		}
	}
	return dash(lines(said...)), nil
}

type askArgs struct{ Who moa.User }

func ask(ctx *moa.Context, args askArgs) (string, error) {
	question := moa.Text("Tea or coffee?").
		Button(moa.Button{ID: "tea", Label: "Tea", Value: "t"}, moa.Button{ID: "coffee", Label: "Coffee"})
	_, err := moa.Ask(ctx.Place, args.Who.ID, "q1", question, time.Minute)
	return told("", err)
}

func refused(ctx *moa.Context, _ moa.None) (string, error) {
	var said []string
	try := func(name string, err error) { said = append(said, name+": "+outcome(err)) }
	own := ctx.Message.Ref
	gone := moa.MessageRef{Place: ctx.Place, ID: "0"}
	elsewhere := moa.Place{Service: ctx.Place.Service, Conversation: "C404"}
	try("edit-other", moa.Edit(own, "x"))
	try("delete-other", moa.Delete(own))
	try("edit-gone", moa.Edit(gone, "x"))
	try("react-gone", moa.React(gone, "👍"))
	try("react-unknown", moa.React(own, "no such emoji"))
	_, err := moa.Send(ctx.Place, "")
	try("send-empty", err)
	_, err = moa.Send(elsewhere, "x")
	try("send-elsewhere", err)
	_, err = moa.Send(ctx.Place, moa.Text("x").WithNative([]any{}))
	try("send-native", err)
	_, err = moa.History(ctx.Place, "", 0)
	try("history-zero", err)
	_, err = moa.Ask(ctx.Place, ctx.Who.ID, "q2", "?", time.Minute)
	try("ask-nothing", err)
	try("modal-gone", moa.OpenForm("gone", form("d1")))
	_, err = moa.Upload(ctx.Place, "", []byte("x"), "")
	try("upload-nameless", err)
	_, err = moa.Download("F404")
	try("download-gone", err)
	_, err = moa.OpenDirect("U404")
	try("direct-nobody", err)
	_, err = ctx.Brain().Entry("")
	try("brain-key", err)
	// A time that is not positive is sent as 0 seconds.
	_, err = ctx.Brain().Write(moa.Write{Key: "x", Value: []byte("x"), TTL: -1})
	try("brain-ttl", err)
	return lines(said...), nil
}

type showArgs struct {
	What string `choices:"card,native,sender,everyone,thread,broadcast,asker"`
}

func show(_ *moa.Context, args showArgs) (moa.Content, error) {
	said := moa.Text("to " + args.What)
	switch args.What {
	case "card":
		return moa.Content{Cards: []moa.Card{{
			Pretext: "pre", Title: "title", Link: "https://example.com/t", Text: "*body*", Color: "good",
			Fields: []moa.Field{{Title: "f", Value: "v", Short: true}, {Title: "g", Value: "w"}},
			Image:  "https://example.com/i.png", Footer: "foot",
		}}}, nil
	case "native":
		return moa.Text("").WithNative(map[string]string{"text": "native text"}), nil
	case "sender":
		return moa.Text("I am a robot").As("Robot", ":robot_face:"), nil
	case "thread":
		return said.To(moa.Thread), nil
	case "broadcast":
		return said.To(moa.Broadcast), nil
	case "asker":
		return said.To(moa.Asker), nil
	}
	return said, nil
}

var sizes = []moa.Choice{{Label: "Small", Value: "s"}, {Label: "Large", Value: "l"}}

func panel(*moa.Context, moa.None) (moa.Content, error) {
	return moa.Text("panel").
		Button(
			moa.Button{ID: "ok", Label: "OK", Value: "1", Style: moa.Primary},
			moa.Button{ID: "no", Label: "No", Style: moa.Danger, Confirm: "Sure?"},
			moa.Button{ID: "quiet", Label: "Quiet", Value: "q"},
			moa.Button{ID: "form", Label: "Form"},
			moa.Button{ID: "modal", Label: "Modal"},
		).
		Menu("size", "Size", sizes...).
		Link("Docs", "https://example.com/docs"), nil
}

func pressedOK(ctx *moa.Context, press *moa.Press) (moa.Update, error) {
	said := fmt.Sprintf("pressed ok %s%s, message %t, trigger %t",
		dash(press.Value), by(ctx), press.On != nil, press.Trigger != "")
	return moa.Update(moa.Text(said)), nil
}

func pressedNo(ctx *moa.Context, press *moa.Press) (string, error) {
	return "pressed no " + dash(press.Value) + by(ctx), nil
}

func pressedQuiet(*moa.Context, *moa.Press) (string, error) { return "", nil }

func pressedForm(*moa.Context, *moa.Press) (*moa.Form, error) { return form("d1"), nil }

func pressedModal(_ *moa.Context, press *moa.Press) (string, error) {
	return "", press.Open(form("d1"))
}

func choseSize(ctx *moa.Context, press *moa.Press) (string, error) {
	return "chose size " + press.Value + by(ctx), nil
}

func form(data string) *moa.Form {
	return moa.NewForm("form", "Form").Submit("Send").Data(data).Text("dish", "Dish").Select("size", "Size", sizes...)
}

func submitted(ctx *moa.Context, press *moa.Press) (moa.Reply, error) {
	switch dish := press.Field("dish"); dish {
	case "bad":
		return moa.Reply{}, moa.FieldErrors{{Name: "dish", Text: "no such dish"}}
	case "again":
		return moa.With(form("d2")), nil
	case "update":
		return moa.With(moa.Update(moa.Text("ordered"))), nil
	default:
		return moa.With(fmt.Sprintf("form %s: dish=%s size=%s%s",
			dash(press.Value), dash(dish), dash(press.Field("size")), by(ctx))), nil
	}
}

func note(_ *moa.Context, press *moa.Press) (string, error) {
	return "noted " + press.Field("text") + " by " + press.Field("author"), nil
}

func start(ctx *moa.Context, _ *moa.Press) (string, error) { return "started" + by(ctx), nil }

func answered(ctx *moa.Context, press *moa.Press) (string, error) {
	if press.TimedOut() {
		return "timeout q1" + by(ctx), nil
	}
	return "answer q1 " + press.Value + by(ctx), nil
}

func system(*moa.Context, moa.None) (string, error) {
	config, err := settings.Get()
	if err != nil {
		return "", err
	}
	at := moa.ParseTime("2026-11-21T00:50:00Z")
	local, err := moa.In(at, "Asia/Seoul")
	if err != nil {
		return told("", err)
	}
	nowhere := "error"
	if in, err := moa.In(at, "Nowhere"); err == nil {
		nowhere = in.String()
	}
	one, two := moa.Random(16), moa.Random(16)
	return lines(
		fmt.Sprintf("config: %s %d", config.Greeting, config.Limit),
		"now: "+moa.Now().UTC().Format("2006-01-02T15:04:05.000Z"),
		"local: "+local.Format(time.RFC3339)+"["+local.Location().String()+"]",
		"nowhere: "+nowhere,
		fmt.Sprintf("random: %d %t", len(one), !bytes.Equal(one, two)),
	), nil
}

func log(_ *moa.Context, args text) (string, error) {
	for level, name := range []string{"trace", "debug", "info", "warn", "error"} {
		moa.Log(moa.Level(level), "%s %s", name, args.Text)
	}
	return "logged", nil
}

func print(_ *moa.Context, args text) (string, error) {
	fmt.Println("out", args.Text)
	fmt.Fprintln(os.Stderr, "err", args.Text)
	return "printed", nil
}

type freshness struct {
	Clock  int64
	Chance int64
}

func fresh(ctx *moa.Context, _ moa.None) (string, error) {
	now := freshness{time.Now().Unix(), rand.Int64N(1 << 31)}
	before, err := moa.Load[freshness](ctx.Brain(), "fresh")
	if err != nil {
		return told("", err)
	}
	if err := moa.Save(ctx.Brain(), "fresh", now, 0); err != nil {
		return told("", err)
	}
	if before == nil {
		return "first", nil
	}
	random := "different"
	if before.Chance == now.Chance {
		random = "same"
	}
	return fmt.Sprintf("clock +%d, random %s", now.Clock-before.Clock, random), nil
}

var calls int

func global(*moa.Context, moa.None) (string, error) {
	calls++
	return fmt.Sprint(calls), nil
}

type absentArgs struct {
	Area string `choices:"http,sql,objects,schedule"`
}

func absent(_ *moa.Context, args absentArgs) (string, error) {
	var said []string
	try := func(name string, err error) { said = append(said, name+": "+outcome(err)) }
	switch args.Area {
	case "http":
		request := moa.Request{URL: "https://example.com/"}
		_, err := moa.Fetch(request)
		try("http.fetch", err)
		_, err = moa.FetchToObject(request, "files", "k")
		try("http.fetch-to-object", err)
	case "sql":
		_, err := moa.Database("main").Query("SELECT 1")
		try("sql.query", err)
		_, err = moa.Database("main").Execute("DELETE FROM t WHERE a = ?", 1)
		try("sql.execute", err)
	case "objects":
		files := moa.Bucket("files")
		_, err := files.Get("k")
		try("objects.get", err)
		_, err = files.Put("k", []byte("x"), "text/plain")
		try("objects.put", err)
		_, _, err = files.Page("", "")
		try("objects.list", err)
		try("objects.delete", files.Delete("k"))
		_, err = files.Sign("k", time.Minute)
		try("objects.sign", err)
	case "schedule":
		try("schedule.at", moa.RunAt("later", moa.ParseTime("2026-11-21T00:50:00Z"), "p"))
		try("schedule.every", moa.RunEvery("often", "0 9 * * *", "Asia/Seoul", moa.RunOnce, "p"))
		_, err := moa.CancelJob("later")
		try("schedule.cancel", err)
		_, err = moa.ScheduledJobs()
		try("schedule.list", err)
	}
	return lines(said...), nil
}
