package main

import (
	"bytes"
	"log"
	"maps"
	"net"
	"path"
	"slices"
	"strconv"
	"strings"
	"text/template"
)

// A port of a container, as far as it can be registered.
type port struct {
	number, protocol string
	// Where the host publishes it; no number where it does not.
	hostIP, hostPort string
	containerIP      string
}

// services turns a container into what is registered for it.
func services(c *container, o options, host string) []*registration {
	ports := portsOf(c)
	if !o.internal {
		ports = slices.DeleteFunc(ports, func(p port) bool { return p.hostPort == "" })
	}
	var all []*registration
	for _, p := range ports {
		if r := service(c, p, len(ports) > 1, o, host); r != nil {
			all = append(all, r)
		}
	}
	return all
}

func portsOf(c *container) []port {
	names := maps.Clone(c.Config.ExposedPorts)
	if names == nil {
		names = map[string]struct{}{}
	}
	for name := range c.NetworkSettings.Ports {
		names[name] = struct{}{}
	}
	containerIP := c.NetworkSettings.IPAddress
	if containerIP == "" {
		for _, network := range c.NetworkSettings.Networks {
			containerIP = network.IPAddress
		}
	}
	var ports []port
	for _, name := range slices.Sorted(maps.Keys(names)) {
		number, protocol, _ := strings.Cut(name, "/")
		p := port{number: number, protocol: protocol, containerIP: containerIP, hostIP: "0.0.0.0"}
		published, known := c.NetworkSettings.Ports[name]
		if !known {
			// Exposed on the host's own network: the same port there.
			p.hostPort = number
		} else if len(published) > 0 {
			p.hostIP, p.hostPort = published[0].HostIp, published[0].HostPort
		}
		if mode := c.HostConfig.NetworkMode; mode != "bridge" && mode != "default" && mode != "host" {
			p.hostIP = c.NetworkSettings.Networks[mode].IPAddress
		}
		ports = append(ports, p)
	}
	return ports
}

func service(c *container, p port, group bool, o options, host string) *registration {
	meta, fromPort := metadata(c, p)
	if meta["ignore"] != "" {
		return nil
	}
	name := meta["name"]
	if name == "" {
		if o.explicit {
			return nil
		}
		name, _, _ = strings.Cut(path.Base(c.Config.Image), ":")
	}
	if group && !fromPort["name"] {
		name += "-" + p.number
	}
	tags, err := tagsOf(c, meta["tags"], o.tags)
	if err != nil {
		log.Println("ignored:", c.ID[:12], "service on port", p.number, err)
		return nil
	}
	r := &registration{ID: host + ":" + c.Name[1:] + ":" + p.number, Name: name, Tags: tags}
	r.Address, r.Port = address(p, o, host)
	if p.protocol == "udp" {
		r.Tags, r.ID = append(r.Tags, "udp"), r.ID+":udp"
	}
	if meta["id"] != "" {
		r.ID = meta["id"]
	}
	for _, own := range []string{"id", "tags", "name"} {
		delete(meta, own)
	}
	r.Meta = meta
	r.EnableTagOverride = meta["enable_tag_override"] == "true"
	r.Check = checkOf(c, p, r)
	return r
}

func address(p port, o options, host string) (string, int) {
	if o.internal {
		number, _ := strconv.Atoi(p.number)
		return p.containerIP, number
	}
	number, _ := strconv.Atoi(p.hostPort)
	if o.ip != "" {
		return o.ip, number
	}
	if p.hostIP == "0.0.0.0" {
		if ip, err := net.ResolveIPAddr("ip", host); err == nil {
			return ip.String(), number
		}
	}
	return p.hostIP, number
}

// metadata is what SERVICE_<port>_<key>, SERVICE_<port>_<protocol>_<key>, SERVICE_<from>-<to>_<key> and SERVICE_<key> say
// of a port, in the container's environment and labels; and which keys are said of the port itself, which win.
func metadata(c *container, p port) (map[string]string, map[string]bool) {
	meta, fromPort := map[string]string{}, map[string]bool{}
	entries := slices.Clone(c.Config.Env)
	for key, value := range c.Config.Labels {
		entries = append(entries, key+"="+value)
	}
	for _, entry := range entries {
		name, value, found := strings.Cut(entry, "=")
		key, ours := strings.CutPrefix(name, "SERVICE_")
		if !found || !ours {
			continue
		}
		key = strings.ToLower(key)
		if fromPort[key] {
			continue
		}
		scope, rest, _ := strings.Cut(key, "_")
		if !numeric(scope) && !inRange(scope, p.number) {
			meta[key] = value
			continue
		}
		if numeric(scope) && scope != p.number || rest == "" {
			continue
		}
		if protocol, last, more := strings.Cut(rest, "_"); more && (protocol == "tcp" || protocol == "udp") {
			if protocol != p.protocol {
				continue
			}
			rest = last
		}
		meta[rest], fromPort[rest] = value, true
	}
	return meta, fromPort
}

func numeric(text string) bool {
	_, err := strconv.Atoi(text)
	return err == nil
}

func inRange(text, number string) bool {
	from, to, found := strings.Cut(text, "-")
	low, err1 := strconv.Atoi(from)
	high, err2 := strconv.Atoi(to)
	n, err3 := strconv.Atoi(number)
	return found && err1 == nil && err2 == nil && err3 == nil && n >= low && n <= high
}

// tagsOf are the comma-separated tags of the service and those that all get; each text may be a Go template over the
// container, and a comma after a backslash belongs to its tag.
func tagsOf(c *container, texts ...string) ([]string, error) {
	tags := []string{}
	for _, text := range texts {
		t, err := template.New("tags").Parse(text)
		if err != nil {
			return nil, err
		}
		var rendered bytes.Buffer
		if err := t.Execute(&rendered, c); err != nil {
			return nil, err
		}
		for _, tag := range strings.Split(strings.ReplaceAll(rendered.String(), `\,`, "\x00"), ",") {
			if tag != "" {
				tags = append(tags, strings.ReplaceAll(tag, "\x00", ","))
			}
		}
	}
	return tags, nil
}

func checkOf(c *container, p port, r *registration) *check {
	attributes := r.Meta
	at := net.JoinHostPort(r.Address, strconv.Itoa(r.Port))
	k := &check{Status: attributes["check_initial_status"]}
	periodic := true
	switch {
	case attributes["check_http"] != "":
		k.HTTP, k.Method = "http://"+at+attributes["check_http"], attributes["check_http_method"]
	case attributes["check_https"] != "":
		k.HTTP, k.Method = "https://"+at+attributes["check_https"], attributes["check_https_method"]
	case attributes["check_cmd"] != "":
		k.Args = []string{"check-cmd", c.ID[:12], p.number, attributes["check_cmd"]}
	case attributes["check_script"] != "":
		script := strings.NewReplacer("$SERVICE_IP", r.Address, "$SERVICE_PORT", strconv.Itoa(r.Port))
		k.Args = strings.Fields(script.Replace(attributes["check_script"]))
	case attributes["check_ttl"] != "":
		k.TTL, periodic = attributes["check_ttl"], false
	case attributes["check_tcp"] != "":
		k.TCP = at
	case attributes["check_grpc"] != "":
		k.GRPC, k.GRPCUseTLS = at, attributes["check_grpc_use_tls"] != ""
	default:
		return nil
	}
	if periodic {
		k.Interval, k.Timeout = attributes["check_interval"], attributes["check_timeout"]
		if k.Interval == "" {
			k.Interval = "10s"
		}
		k.TLSSkipVerify = attributes["check_tls_skip_verify"] != ""
	}
	k.DeregisterCriticalServiceAfter = attributes["check_deregister_after"]
	return k
}
