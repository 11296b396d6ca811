# Hears of users from RabbitMQ, keeps them in the database and puts them into the search index. Whatever goes wrong ends it,
# and runit starts it again a second later: what was not acknowledged comes again, and doing it twice changes nothing.
require_relative "../config/environment"
require "microservice/rabbitmq" # of the base image

connection = Microservice.rabbitmq
channel = connection.create_channel
channel.prefetch(100)
queue = channel.queue("catalog.users", durable: true)
queue.bind(channel.topic("events", durable: true), routing_key: "user.created")

# Everything is done by this thread, whose errors end the process.
inbox = Thread::Queue.new
queue.subscribe(manual_ack: true) { |delivery, _, body| inbox << [delivery.delivery_tag, JSON.parse(body)] }

# Whether the cache may still hold what was found before the last change.
stale = true

loop do
  # An index that was lost with its server, or never was, is made of what the database holds.
  unless Elastic.exists?
    Elastic.create
    Entry.in_batches(of: 1000) { |entries| Elastic.put(entries.map { |entry| { id: entry.user_id, name: entry.name } }) }
    stale = true
  end

  stale &&= !SearchCache.forget
  taken = [inbox.pop(timeout: stale ? 0.2 : 2)].compact
  raise "RabbitMQ has closed the connection" unless connection.open?
  next if taken.empty?

  # With all that has come meanwhile: a hundred cost hardly more than one.
  taken << inbox.pop until inbox.empty?
  names = taken.to_h { |_, event| [event["id"], event["name"]] }
  Entry.upsert_all(names.map { |id, name| { user_id: id, name: } })
  Elastic.put(names.map { |id, name| { id:, name: } })
  stale = true
  channel.ack(taken.last.first, true)
end
