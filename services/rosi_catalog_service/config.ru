require_relative "config/environment"

# Every start brings the database up to date. Of instances that start together one does; the others fail here, and runit
# starts them again a second later.
ActiveRecord::Base.connection_pool.migration_context.migrate
ActiveRecord::Base.connection_handler.clear_all_connections!

run Rails.application
