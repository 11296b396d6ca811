# Publishes the events of this service, in their order, each at least once. Whatever goes wrong ends it, and runit starts it
# again a second later: what was not confirmed is not marked in the table.
#
# An event stays in the table for a time after it was published. RabbitMQ may lose what it has taken, with its container; and a
# database that was restored from a backup has no queue beside it with what was under way. Such a RabbitMQ does not know the
# queue that marks it as known, and gets all of that again.
require_relative "../config/environment"
require "microservice/rabbitmq" # of the base image

KEPT = 1.hour
MARK = "user.knows-this-broker".freeze
# How long it waits before it looks again, in seconds: longer while nothing happens, since each look costs CPU time.
SHORTEST, LONGEST = 0.1, 0.5

connection = Microservice.rabbitmq
channel = connection.create_channel
channel.confirm_select
exchange = channel.topic("events", durable: true)

# An event that no queue takes comes back, and stays for whom it will interest.
returned = Set.new
exchange.on_return { |_, properties, _| returned << properties.message_id }

unless connection.queue_exists?(MARK)
  Event.update_all(published_at: nil)
  channel.queue(MARK, durable: true)
end

swept = Time.at(0)
pause = SHORTEST
loop do
  # Several instances take turns over whole batches.
  published = Event.transaction do
    events = Event.where(published_at: nil).order(:id).limit(100).lock("FOR UPDATE SKIP LOCKED").to_a
    events.each do |event|
      exchange.publish(event.body, routing_key: event.name, message_id: event.id.to_s, mandatory: true,
                                   persistent: true, content_type: "application/json")
    end
    channel.wait_for_confirms or raise "RabbitMQ has not taken all events" if events.any?
    taken = events.map(&:id).reject { |id| returned.include?(id.to_s) }
    Event.where(id: taken).update_all(published_at: Time.current)
  end
  if swept < 1.minute.ago
    Event.where(published_at: ...KEPT.ago).delete_all
    swept = Time.current
  end
  pause = published.zero? ? [pause * 1.5, LONGEST].min : SHORTEST
  sleep(returned.empty? ? pause : 1) if published.zero?
  returned.clear
end
