require_relative "boot"
require "rails"
require "active_record/railtie"
require "action_controller/railtie"
require "microservice" # of the base image

module UserService
  class Application < Rails::Application
    config.load_defaults 7.2
    Microservice.configure(config, checks: {
      database: -> { ActiveRecord::Base.with_connection { |connection| connection.select_value("SELECT 1") } },
    })
    config.active_record.dump_schema_after_migration = false
    config.filter_parameters += [:email]
  end
end
