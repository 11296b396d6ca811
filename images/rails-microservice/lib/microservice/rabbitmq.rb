require "bunny"

module Microservice
  # A connection to RabbitMQ as the service's own user. It does not mend itself: an error ends the process that has it, and
  # runit starts that again.
  def self.rabbitmq
    Bunny.new(
      host: ENV.fetch("RMQ_PORT_5672_TCP_ADDR"),
      port: ENV.fetch("RMQ_PORT_5672_TCP_PORT").to_i,
      username: ENV.fetch("RMQ_USERNAME"),
      password: File.read(ENV.fetch("RMQ_PASSWORD_FILE")),
      automatically_recover: false,
      logger: Logger.new($stdout, level: :error),
    ).start
  end
end
