require_relative "boot"
require "rails"
require "action_controller/railtie"
require "microservice" # of the base image

module NAMEService
  class Application < Rails::Application
    config.load_defaults 7.2
    # What it can't do its work without goes into checks, `name: -> { what raises where it does not answer }`.
    Microservice.configure(config, checks: {})
  end
end
