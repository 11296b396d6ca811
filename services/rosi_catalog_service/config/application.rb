require_relative "boot"
require "rails"
require "active_record/railtie"
require "action_controller/railtie"
require "microservice" # of the base image
require_relative "../lib/elastic"

module CatalogService
  class Application < Rails::Application
    config.load_defaults 7.2
    config.autoload_lib(ignore: ["indexer.rb", "elastic.rb"])
    Microservice.configure(config, checks: { elastic: -> { Elastic.ping } })
    config.active_record.dump_schema_after_migration = false
  end
end
