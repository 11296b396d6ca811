# How consul-template asks Consul, for a service that has it write a file; the service's own script names its templates.
log_level = "warn"

# runit stops its services with it.
kill_signal = "SIGTERM"

# Changes that come together are one.
wait {
  min = "100ms"
  max = "1s"
}

# A Consul that has lost its data counts from one again, and what asks for news since a later count is told of none until
# its time is up.
block_query_wait = "5s"
