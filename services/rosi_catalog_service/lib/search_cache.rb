require "dalli"

# What searches have found, in memcached, which all instances share. Without memcached every search is made anew.
module SearchCache
  SECONDS = 60
  GENERATION = "catalog:generation".freeze
  AT = "#{ENV["MEMCACHE_PORT_11211_TCP_ADDR"]}:#{ENV["MEMCACHE_PORT_11211_TCP_PORT"]}".freeze

  class << self
    # What was found for this, or what the block finds now. A change of the index counts at once.
    def fetch(query)
      key = "catalog:#{client.get(GENERATION)}:#{Digest::SHA256.hexdigest(query.downcase)}"
      found = client.get(key)
      return JSON.parse(found) unless found.nil?

      yield.tap { |results| client.set(key, results.to_json, SECONDS) }
    rescue Dalli::DalliError
      yield
    end

    # The index has changed: what was found before counts no more. False where memcached can't be told now.
    def forget
      client.set(GENERATION, SecureRandom.hex(8))
      true
    rescue Dalli::DalliError
      false
    end

    private

    # One connection a process; a worker that was forked makes its own.
    def client
      @client ||= Dalli::Client.new(AT, socket_timeout: 0.5, down_retry_delay: 1, socket_max_failures: 0, raw: true)
    end
  end
end
