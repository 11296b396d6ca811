package main

import (
	"errors"
	"log"
	"os"
	"regexp"
)

// bridge keeps Consul's agent in step with Docker.
type bridge struct {
	options options
	docker  *docker
	consul  *consul
	host    string
	// What is registered, by container.
	known map[string]*entry
}

type entry struct {
	container string
	services  []*registration
}

func newBridge(o options, d *docker, c *consul) *bridge {
	host, _ := os.Hostname()
	return &bridge{o, d, c, host, map[string]*entry{}}
}

func (b *bridge) handle(e event) {
	switch e.Status {
	case "start":
		b.add(e.ID)
	case "die":
		b.remove(e.ID)
	}
}

// sync registers what runs, also what it believes to be registered already: Consul may have lost it.
func (b *bridge) sync() error {
	ids, err := b.docker.running()
	if err != nil {
		return err
	}
	log.Printf("Syncing services on %d containers", len(ids))
	running := map[string]bool{}
	for _, id := range ids {
		running[id] = true
		if known := b.known[id]; known != nil {
			b.register(known.services)
		} else {
			b.add(id)
		}
	}
	if !b.options.cleanup {
		return nil
	}
	for id := range b.known {
		if !running[id] {
			log.Println("stale: Removing service", id, "because it does not exist")
			b.remove(id)
		}
	}
	return b.removeDangling()
}

func (b *bridge) add(id string) {
	if b.known[id] != nil {
		return
	}
	c, err := b.docker.inspect(id)
	if err != nil {
		log.Println("unable to inspect container:", id[:12], err)
		return
	}
	// Between two starts it has neither address nor published ports; the event of the second one brings them.
	if !c.State.Running || c.State.Restarting {
		return
	}
	if added := b.register(services(c, b.options, b.host)); len(added) > 0 {
		b.known[id] = &entry{c.Name[1:], added}
		for _, r := range added {
			log.Println("added:", id[:12], r.ID)
		}
	}
}

func (b *bridge) register(all []*registration) []*registration {
	var done []*registration
	for _, r := range all {
		if err := b.consul.register(r); err != nil {
			log.Println("register failed:", r.ID, err)
			continue
		}
		done = append(done, r)
	}
	return done
}

func (b *bridge) remove(id string) {
	known := b.known[id]
	delete(b.known, id)
	if known == nil || !b.deregisters(id) {
		return
	}
	for _, r := range known.services {
		if err := b.consul.deregister(r.ID); err != nil {
			log.Println("deregister failed:", r.ID, err)
			continue
		}
		log.Println("removed:", id[:12], r.ID)
	}
}

// deregisters says whether a container that has ended goes out of Consul.
func (b *bridge) deregisters(id string) bool {
	if b.options.deregister == "always" {
		return true
	}
	c, err := b.docker.inspect(id)
	if err != nil {
		return errors.Is(err, errGone)
	}
	// Ended well, or by a signal.
	return !c.State.Running && (c.State.ExitCode == 0 || c.State.ExitCode&128 == 128)
}

var ownID = regexp.MustCompile(`^(.+?):([a-zA-Z0-9][a-zA-Z0-9_.-]+):[0-9]+(?::udp)?$`)

// removeDangling removes what an earlier run under this host name has registered and what runs no more.
func (b *bridge) removeDangling() error {
	there, err := b.consul.services()
	if err != nil {
		return err
	}
	for id, name := range there {
		match := ownID.FindStringSubmatch(id)
		if match == nil || match[1] != b.host || b.isKnown(name, match[2]) {
			continue
		}
		log.Println("dangling:", id)
		if err := b.consul.deregister(id); err != nil {
			log.Println("deregister failed:", id, err)
		}
	}
	return nil
}

func (b *bridge) isKnown(name, container string) bool {
	for _, known := range b.known {
		for _, r := range known.services {
			if r.Name == name && known.container == container {
				return true
			}
		}
	}
	return false
}
