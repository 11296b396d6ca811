package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// registration is what Consul's agent takes.
type registration struct {
	ID                string
	Name              string
	Tags              []string
	Address           string
	Port              int
	Meta              map[string]string
	EnableTagOverride bool   `json:",omitempty"`
	Check             *check `json:",omitempty"`
}

type check struct {
	Status                         string   `json:",omitempty"`
	HTTP                           string   `json:",omitempty"`
	Method                         string   `json:",omitempty"`
	TCP                            string   `json:",omitempty"`
	GRPC                           string   `json:",omitempty"`
	GRPCUseTLS                     bool     `json:",omitempty"`
	TTL                            string   `json:",omitempty"`
	Args                           []string `json:",omitempty"`
	Interval                       string   `json:",omitempty"`
	Timeout                        string   `json:",omitempty"`
	TLSSkipVerify                  bool     `json:",omitempty"`
	DeregisterCriticalServiceAfter string   `json:",omitempty"`
}

type consul struct {
	base   string
	client http.Client
}

func newConsul(host string) *consul {
	return &consul{"http://" + host, http.Client{Timeout: 10 * time.Second}}
}

func (c *consul) ping() error { return c.call(http.MethodGet, "/v1/status/leader", nil, nil) }

func (c *consul) register(r *registration) error {
	return c.call(http.MethodPut, "/v1/agent/service/register", r, nil)
}

func (c *consul) deregister(id string) error {
	return c.call(http.MethodPut, "/v1/agent/service/deregister/"+url.PathEscape(id), nil, nil)
}

// services are the names of the agent's services, by id.
func (c *consul) services() (map[string]string, error) {
	var all map[string]struct{ Service string }
	if err := c.call(http.MethodGet, "/v1/agent/services", nil, &all); err != nil {
		return nil, err
	}
	names := make(map[string]string, len(all))
	for id, service := range all {
		names[id] = service.Service
	}
	return names, nil
}

func (c *consul) call(method, path string, body, into any) error {
	var text bytes.Buffer
	if body != nil {
		if err := json.NewEncoder(&text).Encode(body); err != nil {
			return err
		}
	}
	request, err := http.NewRequest(method, c.base+path, &text)
	if err != nil {
		return err
	}
	answer, err := c.client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s", method, path, answer.Status)
	}
	if into == nil {
		return nil
	}
	return json.NewDecoder(answer.Body).Decode(into)
}
