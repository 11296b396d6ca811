require_relative "boot"
require "rails"
require "active_record/railtie"
require "action_controller/railtie"
require_relative "../lib/failure"
require_relative "../lib/health"

module UserService
  class Application < Rails::Application
    config.load_defaults 7.2
    config.api_only = true

    # While it is developed, an edited file counts from the next request on.
    config.enable_reloading = Rails.env.development?
    config.eager_load = !Rails.env.development?
    config.consider_all_requests_local = Rails.env.development?

    # Logs go where the container's do; nothing is written into the code's folder.
    $stdout.sync = true
    config.logger = ActiveSupport::TaggedLogging.new(ActiveSupport::Logger.new($stdout))
    config.log_level = ENV.fetch("LOG_LEVEL", "info")
    config.active_record.dump_schema_after_migration = false
    # Nothing here is signed: no instance has to know another's key.
    config.secret_key_base = SecureRandom.hex(64)

    # Who comes through is the load balancer's business.
    config.hosts.clear
    config.filter_parameters += [:email]
    config.exceptions_app = Failure
    config.middleware.insert_before 0, Health
  end
end
