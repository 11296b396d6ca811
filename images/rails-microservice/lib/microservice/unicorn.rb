listen Integer(ENV.fetch("PORT", 3000))
worker_processes Integer(ENV.fetch("UNICORN_WORKERS", 2))
timeout 30
# One boot for all workers, which then share its memory.
preload_app true
# Rails writes its own log; /health needs none.
default_middleware false
# Written once the master takes signals: see bin/reload-unicorn.
pid "/run/web/unicorn.pid"
