package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
)

// container is what `docker inspect` tells, under the names that tag templates use.
type container struct {
	ID     string `json:"Id"`
	Name   string
	Config struct {
		Hostname     string
		Image        string
		Env          []string
		Labels       map[string]string
		ExposedPorts map[string]struct{}
	}
	HostConfig struct{ NetworkMode string }
	State      struct {
		Running    bool
		Restarting bool
		ExitCode   int
	}
	NetworkSettings struct {
		IPAddress string
		Ports     map[string][]struct{ HostIp, HostPort string }
		Networks  map[string]struct{ IPAddress string }
	}
}

type event struct {
	Status string `json:"status"`
	ID     string `json:"id"`
}

type docker struct{ client http.Client }

func newDocker() *docker {
	socket := strings.TrimPrefix(os.Getenv("DOCKER_HOST"), "unix://")
	if socket == "" {
		socket = "/tmp/docker.sock"
	}
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}
	return &docker{http.Client{Transport: &http.Transport{DialContext: dial}}}
}

// api is the version of the Docker API that is spoken: the newest of the oldest supported engine (20.10), which Docker Engine 29
// answers as well. Without it an engine answers in its own newest version, whose events and networks have other fields.
const api = "/v1.41"

var errGone = fmt.Errorf("no such container")

func (d *docker) open(path string) (io.ReadCloser, error) {
	answer, err := d.client.Get("http://docker" + api + path)
	if err != nil {
		return nil, err
	}
	switch answer.StatusCode {
	case http.StatusOK:
		return answer.Body, nil
	case http.StatusNotFound:
		answer.Body.Close()
		return nil, errGone
	default:
		answer.Body.Close()
		return nil, fmt.Errorf("%s: %s", path, answer.Status)
	}
}

func (d *docker) get(path string, into any) error {
	body, err := d.open(path)
	if err != nil {
		return err
	}
	defer body.Close()
	return json.NewDecoder(body).Decode(into)
}

// running lists the ids of the containers that run.
func (d *docker) running() ([]string, error) {
	var list []struct{ Id string }
	if err := d.get("/containers/json", &list); err != nil {
		return nil, err
	}
	ids := make([]string, len(list))
	for i, entry := range list {
		ids[i] = entry.Id
	}
	return ids, nil
}

func (d *docker) inspect(id string) (*container, error) {
	var c container
	if err := d.get("/containers/"+id+"/json", &c); err != nil {
		return nil, err
	}
	return &c, nil
}

// events are the starts and ends of containers from now on; the channel closes when the engine goes away.
func (d *docker) events() (<-chan event, error) {
	filters := url.QueryEscape(`{"type":["container"],"event":["start","die"]}`)
	body, err := d.open("/events?filters=" + filters)
	if err != nil {
		return nil, err
	}
	events := make(chan event, 256)
	go func() {
		defer close(events)
		lines := bufio.NewScanner(body)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			var e event
			if json.Unmarshal(lines.Bytes(), &e) == nil {
				events <- e
			}
		}
	}()
	return events, nil
}
