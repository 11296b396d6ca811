# Publishes the events of this service, in their order, each at least once. Whatever goes wrong ends it, and runit starts it
# again a second later: what was not confirmed is still in the table.
require_relative "../config/environment"
require "microservice/rabbitmq" # of the base image

connection = Microservice.rabbitmq
channel = connection.create_channel
channel.confirm_select
exchange = channel.topic("events", durable: true)

# An event that no queue takes comes back, and stays for whom it will interest.
returned = Set.new
exchange.on_return { |_, properties, _| returned << properties.message_id }

loop do
  # Several instances take turns over whole batches.
  published = Event.transaction do
    events = Event.order(:id).limit(100).lock("FOR UPDATE SKIP LOCKED").to_a
    events.each do |event|
      exchange.publish(event.body, routing_key: event.name, message_id: event.id.to_s, mandatory: true,
                                   persistent: true, content_type: "application/json")
    end
    channel.wait_for_confirms or raise "RabbitMQ has not taken all events" if events.any?
    taken = events.map(&:id).reject { |id| returned.include?(id.to_s) }
    Event.where(id: taken).delete_all
  end
  sleep(returned.empty? ? 0.1 : 1) if published.zero?
  returned.clear
end
