// A stand-in for fayrus/registrator where neither its image nor its module can be had: the documented contract for
// the consul:// backend, with the standard library alone. It registers nothing more and nothing less than the real one.
// Left out: -ttl, -ip-from-container, -useIpFromLabel, functions in tag templates, other backends.
package main

import (
	"errors"
	"flag"
	"fmt"
	"log"
	"net/url"
	"os"
	"time"
)

type options struct {
	ip, tags, deregister        string
	internal, explicit, cleanup bool
	resync, attempts, interval  int
}

func main() {
	var o options
	flag.StringVar(&o.ip, "ip", "", "IP for ports mapped to the host")
	flag.BoolVar(&o.internal, "internal", false, "Use internal ports instead of published ones")
	flag.BoolVar(&o.explicit, "explicit", false, "Only register containers that have SERVICE_NAME set")
	flag.StringVar(&o.tags, "tags", "", "Append tags for all registered services (supports Go template)")
	flag.BoolVar(&o.cleanup, "cleanup", false, "Remove dangling services")
	flag.StringVar(&o.deregister, "deregister", "always", `Deregister exited services "always" or "on-success"`)
	flag.IntVar(&o.resync, "resync", 0, "Frequency with which services are resynchronized, in seconds")
	flag.IntVar(&o.attempts, "retry-attempts", 0, "Max retry attempts to reach the backend; -1 for infinite retries")
	flag.IntVar(&o.interval, "retry-interval", 2000, "Interval (in milliseconds) between retry attempts")
	flag.Parse()
	backend, err := o.check(flag.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	if err := run(o, backend); err != nil {
		log.Fatal(err)
	}
}

func (o options) check(args []string) (string, error) {
	switch {
	case len(args) != 1:
		return "", errors.New("need exactly one argument after the options: consul://host:port")
	case o.interval <= 0:
		return "", errors.New("-retry-interval must be greater than 0")
	case o.deregister != "always" && o.deregister != "on-success":
		return "", errors.New(`-deregister must be "always" or "on-success"`)
	}
	uri, err := url.Parse(args[0])
	if err != nil || uri.Scheme != "consul" || uri.Host == "" {
		return "", fmt.Errorf("unrecognized adapter: %s", args[0])
	}
	return uri.Host, nil
}

// run ends only with an error: when the backend stays away at the start, or Docker's events end.
func run(o options, backend string) error {
	consul := newConsul(backend)
	if err := reach(consul, o); err != nil {
		return err
	}
	bridge := newBridge(o, newDocker(), consul)
	// Listen before listing, so that nothing is missed between.
	events, err := bridge.docker.events()
	if err != nil {
		return err
	}
	log.Println("Listening for Docker events ...")
	if err := bridge.sync(); err != nil {
		return err
	}
	var resync <-chan time.Time
	if o.resync > 0 {
		resync = time.Tick(time.Duration(o.resync) * time.Second)
	}
	for {
		select {
		case event, open := <-events:
			if !open {
				return errors.New("Docker event loop closed")
			}
			bridge.handle(event)
		case <-resync:
			if err := bridge.sync(); err != nil {
				log.Println("skipping sync:", err)
			}
		}
	}
}

func reach(consul *consul, o options) error {
	for attempt := 0; ; attempt++ {
		log.Printf("Connecting to backend (%d/%d)", attempt, o.attempts)
		err := consul.ping()
		if err == nil {
			return nil
		}
		if attempt == o.attempts {
			return err
		}
		time.Sleep(time.Duration(o.interval) * time.Millisecond)
	}
}
