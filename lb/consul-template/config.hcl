# CONSUL_HTTP_ADDR says where Consul is; PLATFORM whose services count.
log_level = "warn"

# runit stops its services with it.
kill_signal = "SIGTERM"

# Changes that come together make one reload, at most a second late.
wait {
  min = "50ms"
  max = "1s"
}

# A Consul that has lost its data counts from one again, and what asks for news since a later count is told of none until
# its time is up.
block_query_wait = "5s"

# Consul may be away: for as long as it is, the last good routes stay.
consul {
  retry {
    enabled     = true
    attempts    = 0
    backoff     = "250ms"
    max_backoff = "2s"
  }
}

template {
  source      = "/etc/consul-template/platform.conf.ctmpl"
  destination = "/tmp/self/next.conf"
  command     = ["load-routes"]
}

template {
  source      = "/etc/consul-template/status.tsv.ctmpl"
  destination = "/tmp/self/status.tsv"
  command     = ["note-status"]
}
