package moa

import "time"

// Missed is what happens to due times that passed while nobody could run them.
type Missed uint8

// What may happen to missed due times.
const (
	// SkipMissed runs nothing.
	SkipMissed Missed = iota
	// RunOnce runs once for all of them.
	RunOnce
	// RunAll runs once for each, oldest first.
	RunAll
)

func (m Missed) String() string { return [...]string{"skip", "once", "all"}[m] }

// ScheduledJob is a job of the plugin.
type ScheduledJob struct {
	// Name is the job's.
	Name string
	// Next is the next due time, RFC 3339; empty if there will be none.
	Next string `wit:"?"`
	// Cron is the expression or the rules; empty for a job that runs once.
	Cron string `wit:"?"`
	// Timezone is in which the expression is read.
	Timezone string
	// Payload is handed to each run.
	Payload string
}

// RunAt schedules a job once, replacing the job of that name; a past instant is due at once. It arrives at the function
// given to [Scheduled] under that name. It needs the request Schedule.
func RunAt(name string, when time.Time, payload string) error {
	return do("schedule.at", name, when.UTC().Format(time.RFC3339Nano), payload)
}

// RunEvery schedules a job again and again, read in a time zone: by a cron expression of 5 fields, or 6 with seconds
// first, or by weekdays and times of day (mon-fri 09:50; sat 11:00). It replaces the job of that name.
func RunEvery(name, cron, timezone string, missed Missed, payload string) error {
	return do("schedule.every", name, cron, timezone, missed, payload)
}

// CancelJob cancels a job that was scheduled. Whether it was there. A run that has begun goes on.
func CancelJob(name string) (bool, error) { return ask[bool]("schedule.cancel", name) }

// ScheduledJobs is the plugin's jobs, those of the manifest included, ascending by name.
func ScheduledJobs() ([]ScheduledJob, error) { return ask[[]ScheduledJob]("schedule.list") }
