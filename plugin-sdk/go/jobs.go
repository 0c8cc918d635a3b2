package moa

import (
	"fmt"
	"time"
)

// Run is a run of a job that is due.
type Run struct {
	// Name is the job's.
	Name string
	// Due is the instant for which it was due, which may be long ago if it was missed.
	Due time.Time
	// Payload is what [RunAt] or [RunEvery] was given; empty for jobs of the manifest.
	Payload string
}

// JobSpec is a job; its methods say more about it.
type JobSpec struct {
	it struct {
		ID       string   `json:"id"`
		Cron     string   `json:"cron,omitempty"`
		On       string   `json:"on,omitempty"`
		Timezone string   `json:"timezone,omitempty"`
		Except   []string `json:"except,omitempty"`
		Missed   string   `json:"missed,omitempty"`
		Jitter   string   `json:"jitter,omitempty"`
		After    string   `json:"after,omitempty"`
	}
	run func(*Context, Run) error
}

// Job runs a function again and again, by a cron expression of five fields, or six with seconds first; or by weekdays and
// times, as in "mon-fri 09:50,18:00"; or by where these stand in the configuration: with the id "verify:*" and
// "config:feeds.*.verify" it is a job for each feed.
//
//	moa.Job("remind", "0 12 * * 1-5", remind).In("Asia/Seoul")
func Job(id, cron string, run func(*Context, Run) error) *JobSpec {
	spec := &JobSpec{run: run}
	spec.it.ID, spec.it.Cron = id, cron
	plugin.Jobs = append(plugin.Jobs, spec)
	return spec
}

// OnLoad runs a function when the plugin begins to serve: the host starts, or another version takes its place.
//
//	moa.OnLoad("follow", follow)
func OnLoad(id string, run func(*Context, Run) error) *JobSpec {
	spec := Job(id, "", run)
	spec.it.On = "load"
	return spec
}

// In says in which time zone the expression is read, by its IANA name; without it, in the bot's.
func (j *JobSpec) In(timezone string) *JobSpec {
	j.it.Timezone = timezone
	return j
}

// Except leaves out days: "2026-12-25", or "12-25" of every year.
func (j *JobSpec) Except(days ...string) *JobSpec {
	j.it.Except = append(j.it.Except, days...)
	return j
}

// Missed says what happens to due times that passed while nobody could run them; without it, one run.
func (j *JobSpec) Missed(what Missed) *JobSpec {
	j.it.Missed = what.String()
	return j
}

// Jitter puts the start off by a random time up to this.
func (j *JobSpec) Jitter(most time.Duration) *JobSpec {
	j.it.Jitter = fmt.Sprintf("%dms", most.Milliseconds())
	return j
}

// After lets another job go first where both are due.
func (j *JobSpec) After(id string) *JobSpec {
	j.it.After = id
	return j
}

// Plain is the job as the manifest has it.
func (j *JobSpec) Plain() any { return j.it }

// Scheduled runs a function for the jobs of a name that [RunAt] or [RunEvery] made. A name ending in * is for all that
// begin with what stands before it.
func Scheduled(name string, run func(*Context, Run) error) { plugin.scheduled[name] = run }

func runJob(ctx *Context, run Run) error {
	for _, one := range plugin.Jobs {
		if one.it.ID == run.Name {
			return one.run(ctx, run)
		}
	}
	var best func(*Context, Run) error
	length := -1
	for _, one := range plugin.Jobs {
		if _, ok := fits(one.it.ID, run.Name); ok && rank(one.it.ID) > length {
			best, length = one.run, rank(one.it.ID)
		}
	}
	for pattern, one := range plugin.scheduled {
		if _, ok := fits(pattern, run.Name); ok && rank(pattern) > length {
			best, length = one, rank(pattern)
		}
	}
	if best == nil {
		return fmt.Errorf("this plugin has no job %q", run.Name)
	}
	return best(ctx, run)
}
