require_relative "config/environment"

Microservice.migrate

run Rails.application
