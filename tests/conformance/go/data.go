package main

import (
	"fmt"

	"moa"
)

type rowsArgs struct {
	How string `choices:"table,csv"`
}

func rows(ctx *moa.Context, args rowsArgs) (string, error) {
	found, err := moa.Database("main").Query("SELECT name AS 이름, data, price, sold FROM dishes ORDER BY id")
	if err != nil || args.How == "table" {
		return told(found.Table(), err)
	}
	file, err := found.SendCSV(ctx.Place, "dishes.csv", "a *file*")
	if err != nil {
		return outcome(err), nil
	}
	data, err := moa.Download(file)
	return told(fmt.Sprint(len(data), " bytes"), err)
}

func daily(ctx *moa.Context, args struct{ Day moa.Date }) (string, error) {
	day := string(args.Day)
	thread, err := moa.DailyThread(moa.PlaceOf(ctx.Place.Conversation), day, "*Feed "+day+"*", "Reports come here.")
	if err != nil {
		return "", err
	}
	_, err = moa.Send(thread, "news")
	return "done", err
}

func web(_ *moa.Context, args struct{ Address string }) (string, error) {
	response, err := moa.Fetch(moa.Request{
		Method: "POST", URL: args.Address, Headers: []moa.Header{{Name: "x-moa", Value: "soup"}}, Body: moa.Bytes("안녕"),
	})
	return told(fmt.Sprintf("%d %s %s", response.Status, dash(response.Header("x-there")), response.Body), err)
}
