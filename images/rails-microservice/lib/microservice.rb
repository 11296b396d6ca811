require_relative "microservice/failure"
require_relative "microservice/health"

# What the Rails services have in common: each one's config/application.rb says `Microservice.configure(config, …)`.
module Microservice
  # `checks` says what the service can't do its work without: a name, and what raises where that does not answer.
  def self.configure(config, checks: {})
    config.api_only = true

    # While it is developed, an edited file counts from the next request on.
    config.enable_reloading = Rails.env.development?
    config.eager_load = !Rails.env.development?
    config.consider_all_requests_local = Rails.env.development?

    # Logs go where the container's do; nothing is written into the code's folder.
    $stdout.sync = true
    config.logger = ActiveSupport::TaggedLogging.new(ActiveSupport::Logger.new($stdout))
    config.log_level = ENV.fetch("LOG_LEVEL", "info")
    # Nothing here is signed: no instance has to know another's key.
    config.secret_key_base = SecureRandom.hex(64)

    # Who comes through is the load balancer's business.
    config.hosts.clear
    config.exceptions_app = Failure
    config.middleware.insert_before 0, Health, checks
  end

  # Every start brings the database up to date. Of instances that start together one does, and the others wait for it: to fail
  # and be started again would take them another start's time.
  def self.migrate
    ActiveRecord::Base.connection_pool.migration_context.migrate
    ActiveRecord::Base.connection_handler.clear_all_connections!
  rescue ActiveRecord::ConcurrentMigrationError
    Rails.logger.info "Another instance brings the database up to date"
    sleep 1
    retry
  end
end
