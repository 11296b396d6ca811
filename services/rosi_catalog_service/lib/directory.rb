require "json"
require "net/http"
require "yaml"

# Where the other services are, `host:port` for each instance. There are two ways:
# - config/rosi.yml, which consul-template writes of templates/mia.yml. A change starts the workers anew, so that each reads
#   it once: a request asks nobody.
# - DISCOVERY=consul: every request asks Consul. It needs no file and no second process, and costs a round trip.
module Directory
  FILE = File.expand_path("../config/rosi.yml", __dir__)

  class << self
    def addresses(service)
      ENV["DISCOVERY"] == "consul" ? ask_consul(service) : file.fetch(service, nil) || []
    end

    private

    def file
      @file ||= File.exist?(FILE) ? YAML.load_file(FILE) : {}
    end

    def ask_consul(service)
      filter = %(Service.Meta.platform == "#{ENV["SERVICE_PLATFORM"]}")
      query = URI.encode_www_form(passing: true, filter:)
      at = "http://#{ENV["CONSUL_PORT_8500_TCP_ADDR"]}:#{ENV["CONSUL_PORT_8500_TCP_PORT"]}"
      instances = JSON.parse(Net::HTTP.get(URI("#{at}/v1/health/service/#{service}?#{query}")))
      instances.map { |instance| instance["Service"].values_at("Address", "Port").join(":") }
    end
  end
end
